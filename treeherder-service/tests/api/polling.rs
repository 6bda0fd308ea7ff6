//! What a page of jobs asks for while somebody looks at it (scenario 3 of `spec/api.md` §12.3).

use std::collections::BTreeMap;

use sea_orm::{ActiveValue::Set, EntityTrait as _};
use serde_json::Value;
use treeherder_ingest::store::classification::NewNote;
use treeherder_ingest::store::entity::job;

use crate::database::Backend;
use crate::seeded::{AUTOLAND, message, push, revision};
use crate::site::Site;

on_every_database!(a_page_of_jobs_keeps_up_by_polling);

/// A page as a front-end keeps it: jobs by id, each by the names of its properties.
struct Page<'site> {
    site: &'site Site,
    pushes: Vec<i64>,
    newest: String,
    jobs: BTreeMap<i64, Value>,
    last_modified: String,
}

impl<'site> Page<'site> {
    /// The first load: ten pushes, and the jobs of each.
    async fn load(site: &'site Site) -> Self {
        let list = site.json("/api/project/autoland/push/?count=10").await;
        let newest = list["results"][0]["revision"].as_str().unwrap().to_owned();
        let mut page =
            Self { site, pushes: Vec::new(), newest, jobs: BTreeMap::new(), last_modified: String::new() };
        page.add_pushes(&list).await;
        page
    }

    async fn add_pushes(&mut self, list: &Value) {
        for push in list["results"].as_array().unwrap() {
            let id = push["id"].as_i64().unwrap();
            self.pushes.push(id);
            self.take(&format!("/api/jobs/?push_id={id}")).await;
        }
    }

    /// Takes the jobs of a list and returns their ids.
    async fn take(&mut self, path: &str) -> Vec<i64> {
        let mut taken = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let list = self.site.json(&path).await;
            let names: Vec<&str> = list["job_property_names"]
                .as_array()
                .unwrap()
                .iter()
                .map(|name| name.as_str().unwrap())
                .collect();
            for row in list["results"].as_array().unwrap() {
                let job: Value = names.iter().copied().zip(row.as_array().unwrap().clone()).collect();
                let id = job["id"].as_i64().unwrap();
                let modified = job["last_modified"].as_str().unwrap().to_owned();
                self.last_modified = self.last_modified.clone().max(modified);
                self.jobs.insert(id, job);
                taken.push(id);
            }
            next = list["next"].as_str().map(|url| url.strip_prefix(&self.site.url).unwrap().to_owned());
        }
        taken
    }

    /// What is asked for every minute; returns the ids of the jobs that changed and of the pushes that are new.
    async fn poll(&mut self) -> (Vec<i64>, Vec<i64>) {
        let pushes: Vec<String> = self.pushes.iter().map(ToString::to_string).collect();
        // Times come without a zone, and are asked for without one.
        let query = format!("push_id__in={}&last_modified__gt={}", pushes.join(","), self.last_modified);
        let changed = self.take(&format!("/api/jobs/?{query}")).await;
        let path = format!("/api/project/autoland/push/?fromchange={}", self.newest);
        let mut list = self.site.json(&path).await;
        let known = self.pushes.clone();
        list["results"].as_array_mut().unwrap().retain(|push| !known.contains(&push["id"].as_i64().unwrap()));
        let new =
            list["results"].as_array().unwrap().iter().map(|push| push["id"].as_i64().unwrap()).collect();
        if let Some(first) = list["results"].get(0) {
            self.newest = first["revision"].as_str().unwrap().to_owned();
        }
        self.add_pushes(&list).await;
        (changed, new)
    }

    /// Jobs that are shown unless somebody asks for more.
    fn shown(&self) -> Vec<i64> {
        self.jobs.values().filter(|job| job["tier"] != 3).map(|job| job["id"].as_i64().unwrap()).collect()
    }
}

async fn a_page_of_jobs_keeps_up_by_polling(backend: Backend) {
    let Some(site) = Site::start(backend).await else { return };
    let (store, jobs) = (site.store(), &site.seeded.jobs);
    let mut page = Page::load(&site).await;
    assert_eq!(page.pushes, [2, 1, 0].map(|push| i64::from(site.seeded.pushes[push])));
    assert_eq!(page.jobs.keys().copied().collect::<Vec<_>>(), jobs[..5], "what is on try is not here");
    assert_eq!(page.shown(), [jobs[0], jobs[1], jobs[2], jobs[4]], "tier 3 is hidden");
    assert_eq!(page.poll().await, (vec![], vec![]), "nothing has changed");

    // A job ends.
    store.store_jobs(&[message(2)]).await.unwrap();
    assert_eq!(page.poll().await, (vec![jobs[2]], vec![]));
    assert_eq!(
        (&page.jobs[&jobs[2]]["state"], &page.jobs[&jobs[2]]["result"]),
        (&"completed".into(), &"success".into())
    );

    // Somebody else classifies one.
    let note = NewNote { job_id: jobs[4], failure_classification_id: 2, user_id: None, text: String::new() };
    store.create_note("autoland", &note, "other@example.com").await.unwrap().unwrap();
    assert_eq!(page.poll().await, (vec![jobs[4]], vec![]));
    assert_eq!(page.jobs[&jobs[4]]["failure_classification_id"], 2);

    // The infrastructure fails, and the job runs again.
    let mut retried = message(10);
    retried.job.result = "retry".to_owned();
    let mut again = message(11);
    (again.job.state, again.job.result) = ("running".to_owned(), "unknown".to_owned());
    let stored = store.store_jobs(&[retried, again]).await.unwrap();
    let ids: Vec<i64> = stored.iter().map(|outcome| outcome.job_id.unwrap()).collect();
    assert_eq!(page.poll().await, (ids.clone(), vec![]));
    assert_eq!(
        (&page.jobs[&ids[0]]["result"], &page.jobs[&ids[1]]["state"]),
        (&"retry".into(), &"running".into())
    );

    // A push comes, with a job.
    let new = store.store_push(AUTOLAND, &push(5)).await.unwrap();
    let mut first = message(12);
    first.revision = revision(5);
    let first = store.store_jobs(&[first]).await.unwrap()[0].job_id.unwrap();
    assert_eq!(page.poll().await, (vec![], vec![i64::from(new)]));
    assert!(page.shown().contains(&first));
    assert_eq!(page.poll().await, (vec![], vec![]));

    // A change in the same second, a microsecond later, is not missed.
    let later =
        chrono::NaiveDateTime::parse_from_str(&page.last_modified, "%Y-%m-%dT%H:%M:%S%.f").unwrap().and_utc()
            + chrono::TimeDelta::microseconds(1);
    let row = job::ActiveModel { id: Set(first), last_modified: Set(later), ..Default::default() };
    job::Entity::update(row).exec(store.connection()).await.unwrap();
    assert_eq!(page.poll().await, (vec![first], vec![]));
}
