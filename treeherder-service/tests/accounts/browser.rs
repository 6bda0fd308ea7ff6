//! A client that keeps cookies, as far as these tests need one.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE};
use serde_json::{Value, json};

/// An answer with what tests look at.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and body, for comparisons.
    pub(crate) fn told(&self) -> (u16, &Value) {
        (self.status, &self.body)
    }

    /// The whole `Set-Cookie` of a cookie.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        cookies.into_iter().find(|cookie| cookie.starts_with(&format!("{name}=")))
    }
}

/// Somebody's browser.
#[derive(Clone)]
pub(crate) struct Browser {
    client: reqwest::Client,
    site: String,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Sent with every request.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Browser {
    pub(crate) fn new(site: &str) -> Self {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            client,
            site: site.trim_end_matches('/').to_owned(),
            cookies: BTreeMap::new(),
            headers: Vec::new(),
        }
    }

    /// A script with this token.
    pub(crate) fn script(site: &str, token: &str) -> Self {
        let mut script = Self::new(site);
        script.headers.push(("authorization", format!("Bearer {token}")));
        script
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// Sends a JSON body with the proof against forgery, if there is one.
    pub(crate) async fn write(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        let mut headers = Vec::new();
        if let Some(token) = self.cookies.get("csrftoken") {
            headers.push(("x-csrftoken", token.clone()));
        }
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.send(method, path, &headers, Some(body)).await
    }

    /// Sends a form, as pages do.
    pub(crate) async fn send_form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send_body(Method::POST, path, &[], Some(("application/x-www-form-urlencoded", body))).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.write(Method::POST, path, body).await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let body = body.map(|body| ("application/json", body.to_string()));
        self.send_body(method, path, headers, body).await
    }

    async fn send_body(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, String)>,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{}/{path}", self.site));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        if let Some((content_type, body)) = body {
            request = request.header(CONTENT_TYPE, content_type).body(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        for cookie in headers.get_all(SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
        Answer { status, headers, body }
    }
}
