//! Metrics for statsd, one datagram each, beside those for Prometheus (`spec/api.md` §9.4).

use std::io;
use std::net::{ToSocketAddrs as _, UdpSocket};
use std::sync::OnceLock;
use std::time::Duration;

use super::Metric;

/// Where the metrics of this process go.
static STATSD: OnceLock<Statsd> = OnceLock::new();

/// A statsd, or something that understands its datagrams.
///
/// Datagrams are sent and forgotten: nobody waits for a statsd, and one that is away is not missed.
#[derive(Debug)]
pub struct Statsd {
    socket: UdpSocket,
    prefix: String,
}

impl Statsd {
    /// Makes the sender; `prefix` is put before the names of all metrics but the bridge's.
    ///
    /// # Errors
    /// When the host has no address, or no socket can be had.
    pub fn new(host: &str, port: u16, prefix: &str) -> io::Result<Self> {
        let unknown = || io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address"));
        let address = (host, port).to_socket_addrs()?.next().ok_or_else(unknown)?;
        let own = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(own)?;
        socket.set_nonblocking(true)?;
        socket.connect(address)?;
        let prefix = prefix.trim_end_matches('.');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}.") };
        Ok(Self { socket, prefix })
    }

    /// Sends what this process measures from here on; false when it does so already.
    pub fn install(self) -> bool {
        STATSD.set(self).is_ok()
    }

    fn send(&self, name: &str, value: &str) {
        // Whoever is not there is not missed.
        let _ = self.socket.send(format!("{name}:{value}").as_bytes());
    }
}

/// Tells that something happened so often.
pub(super) fn count(metric: Metric, labels: &[(&'static str, &str)], number: u64) {
    if let Some(statsd) = STATSD.get()
        && let Some(name) = name(metric, &statsd.prefix, labels)
    {
        statsd.send(&name, &format!("{number}|c"));
    }
}

/// Tells that each of some things took this time.
pub(super) fn time(metric: Metric, labels: &[(&'static str, &str)], share: Duration, number: usize) {
    if let Some(statsd) = STATSD.get()
        && let Some(name) = name(metric, &statsd.prefix, labels)
    {
        let milliseconds = share.as_secs_f64() * 1e3;
        // One of so many that took the same time.
        let value = match number {
            1 => format!("{milliseconds:.3}|ms"),
            _ => format!("{milliseconds:.3}|ms|@{:.6}", 1.0 / number as f64),
        };
        statsd.send(&name, &value);
    }
}

/// Returns the name that existing deployments know the metric by; gauges and tasks have none.
fn name(metric: Metric, prefix: &str, labels: &[(&'static str, &str)]) -> Option<String> {
    let label = |name: &str| {
        let value = labels.iter().find(|(label, _)| *label == name).map_or("", |(_, value)| value);
        // Dots cut names, colons end them; those of the bridge's events are meant.
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || "-_".contains(c) || (c == '.' && name == "event") {
                c
            } else {
                '_'
            }
        };
        value.chars().map(plain).collect::<String>()
    };
    Some(match metric {
        Metric::Push => format!("{prefix}push"),
        Metric::Jobs => format!("{prefix}jobs"),
        Metric::JobsRepo => format!("{prefix}jobs_repo.{}", label("repository")),
        Metric::JobsState => format!("{prefix}jobs_state.{}", label("state")),
        Metric::PulseHandleMessage => format!("{prefix}pulse_handle_message"),
        Metric::FetchDefinition => format!("{prefix}taskcluster_fetch_definition"),
        Metric::LoadJob => format!("{prefix}load_job"),
        Metric::ProcessJobValidate => format!("{prefix}process_job_validate"),
        Metric::ProcessJobTransform => format!("{prefix}process_job_transform"),
        Metric::ProcessJobStore => format!("{prefix}process_job_store"),
        Metric::BridgeEvents => format!("taskcluster-treeherder.{}", label("event")),
        Metric::BridgeProjectEvents => {
            format!("taskcluster-treeherder.{}.{}", label("project"), label("event"))
        }
        Metric::BridgeHandleMessage => "taskcluster-treeherder.handle-message.time".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_existing_deployments() {
        let of = |metric, labels: &[(&'static str, &str)]| name(metric, "treeherder.", labels);
        assert_eq!(of(Metric::Push, &[]).as_deref(), Some("treeherder.push"));
        let labels = [("repository", "mozilla-central")];
        assert_eq!(of(Metric::JobsRepo, &labels).as_deref(), Some("treeherder.jobs_repo.mozilla-central"));
        assert_eq!(
            of(Metric::JobsState, &[("state", "a.b:c|d")]).as_deref(),
            Some("treeherder.jobs_state.a_b_c_d")
        );
        assert_eq!(
            of(Metric::BridgeProjectEvents, &[("project", "try"), ("event", "publish-message.success")])
                .as_deref(),
            Some("taskcluster-treeherder.try.publish-message.success")
        );
        assert_eq!(of(Metric::QueueDepth, &[]), None);
    }

    #[test]
    fn metrics_arrive_as_datagrams() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        server.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let port = server.local_addr().unwrap().port();
        assert!(Statsd::new("127.0.0.1", port, "th.").unwrap().install());
        let received = || {
            let mut buffer = [0; 500];
            let length = server.recv(&mut buffer).unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };
        // Other tests of this program measure other things.
        let find = |wanted: &str| {
            let all = std::iter::repeat_with(received).take(1_000);
            assert!(all.into_iter().any(|text| text == wanted), "no {wanted}");
        };
        Metric::JobsRepo.add(&[("repository", "statsd-test")], 3);
        find("th.jobs_repo.statsd-test:3|c");
        Metric::LoadJob.record(&[], Duration::from_micros(1_500), 1);
        find("th.load_job:1.500|ms");
        Metric::ProcessJobTransform.record(&[], Duration::from_millis(400), 100);
        find("th.process_job_transform:4.000|ms|@0.010000");
    }
}
