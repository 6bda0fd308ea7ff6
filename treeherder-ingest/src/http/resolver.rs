//! Name resolution that never hands out an address outside the public Internet.

use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::{Guard, Refusal};

/// Resolves through the system and drops what the guard refuses. The client asks it for names only, never for
/// addresses written in a URL; those are checked by [`Guard::check_url`].
#[derive(Debug)]
pub(super) struct GuardedResolver {
    pub(super) guard: Guard,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let allowed = permitted(&guard, &host, &found)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The addresses of `found` that the guard lets pass; a refusal when there are addresses but none passes.
fn permitted(guard: &Guard, host: &str, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, Refusal> {
    let allowed: Vec<SocketAddr> =
        found.iter().copied().filter(|found| guard.check_address(host, found.ip()).is_ok()).collect();
    match found.first().map(SocketAddr::ip) {
        Some(address) if allowed.is_empty() => Err(refusal(host, address)),
        _ => Ok(allowed),
    }
}

fn refusal(host: &str, address: IpAddr) -> Refusal {
    Refusal::Address { host: host.to_owned(), address }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HostList;

    #[test]
    fn keeps_public_addresses_only() {
        let guard = Guard { hosts: HostList::new(["*"]), private_hosts: HostList::default() };
        let found: Vec<SocketAddr> =
            ["10.0.0.1:0", "8.8.8.8:0", "[::1]:0"].iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(permitted(&guard, "mixed.example", &found).unwrap(), [found[1]]);
        let error = permitted(&guard, "inner.example", &found[..1]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "host \"inner.example\" leads to 10.0.0.1, which is not a public address"
        );
        let open = Guard { private_hosts: HostList::new(["inner.example"]), ..guard };
        assert_eq!(permitted(&open, "inner.example", &found).unwrap(), found);
    }
}
