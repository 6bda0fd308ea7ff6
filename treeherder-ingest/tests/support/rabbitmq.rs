//! A private RabbitMQ for tests: own data directory, 127.0.0.1 and free ports only, gone at the end.
//!
//! `TEST_AMQP_URL` names a broker to use instead. With neither, tests say that they skip, unless
//! `TREEHERDER_REQUIRE_SERVICES` is set: then they fail.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex, Weak};
use std::time::{Duration, Instant};

use super::ports::free_port;
use super::tls::{ELSEWHERE, Identity};

/// How long the server may take to start.
const START: Duration = Duration::from_secs(120);

const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CTL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";
/// Virtual host of a second Taskcluster deployment, beside `/`.
pub(crate) const SECOND_VHOST: &str = "communitytc";

/// A running RabbitMQ, stopped when dropped.
#[derive(Debug)]
pub(crate) struct RabbitMq {
    /// `amqp://user:password@host:port`, without a virtual host.
    url: String,
    /// `None` for a broker that is not ours.
    node: Option<Node>,
}

#[derive(Debug)]
struct Node {
    directory: tempfile::TempDir,
    address: &'static str,
    port: u16,
    dist_port: u16,
    epmd_port: u16,
    epmd: Child,
    server: Mutex<Child>,
}

impl RabbitMq {
    /// Returns the server that all tests running at the same time share; the last one to let go stops it.
    ///
    /// # Panics
    /// When there is none although `TREEHERDER_REQUIRE_SERVICES` is set, or when it is there and does not start.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SERVER: LazyLock<Mutex<Weak<RabbitMq>>> = LazyLock::new(Mutex::default);
        let mut server = SERVER.lock().unwrap();
        if let Some(running) = server.upgrade() {
            return Some(running);
        }
        let started = Arc::new(Self::start()?);
        *server = Arc::downgrade(&started);
        Some(started)
    }

    /// Starts a server, or returns `None` after saying why there is none.
    ///
    /// # Panics
    /// As [`RabbitMq::shared`].
    pub(crate) fn start() -> Option<Self> {
        if let Ok(url) = std::env::var("TEST_AMQP_URL") {
            return Some(Self { url: url.trim_end_matches('/').to_owned(), node: None });
        }
        Self::start_node(None)
    }

    /// Starts a server that listens at [`ELSEWHERE`] and there to TLS only, as the one that `identity` names; or returns
    /// `None` after saying why there is none.
    ///
    /// # Panics
    /// As [`RabbitMq::shared`].
    pub(crate) fn start_encrypted(identity: &Identity) -> Option<Self> {
        Self::start_node(Some(identity))
    }

    fn start_node(identity: Option<&Identity>) -> Option<Self> {
        if !Path::new(SERVER).exists() {
            assert!(
                std::env::var_os("TREEHERDER_REQUIRE_SERVICES").is_none(),
                "TREEHERDER_REQUIRE_SERVICES is set, but RabbitMQ is not installed"
            );
            println!("skipped: RabbitMQ is not installed");
            return None;
        }
        let node = Node::start(identity);
        Some(Self { url: format!("amqp://guest:guest@{}:{}", node.address, node.port), node: Some(node) })
    }

    /// As [`RabbitMq::start`], but only a server of our own, which may be restarted.
    pub(crate) fn start_own() -> Option<Self> {
        let server = Self::start()?;
        if server.node.is_none() {
            println!("skipped: needs a server of its own, and TEST_AMQP_URL is set");
            return None;
        }
        Some(server)
    }

    /// Returns the URL of a virtual host.
    pub(crate) fn url(&self, vhost: &str) -> String {
        format!("{}/{}", self.url, vhost.replace('/', "%2F"))
    }

    fn node(&self) -> &Node {
        self.node.as_ref().expect("a server of our own")
    }

    /// Ends all connections from the broker's side.
    pub(crate) fn close_all_connections(&self) {
        self.node().ctl(&["close_all_connections", "test"]);
    }

    /// Lets a quorum queue of the first virtual host answer nothing any more, as if it had no leader.
    pub(crate) fn suspend_queue(&self, name: &str) {
        let code = format!(
            "{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"{name}\">>)), \
             {{Leader, _}} = amqqueue:get_pid(Q), ok = sys:suspend(Leader)."
        );
        self.node().ctl(&["eval", &code]);
    }

    /// Lists the queues of a virtual host with all their messages, those in somebody's hands included.
    pub(crate) fn messages(&self, vhost: &str) -> Vec<(String, u64)> {
        let list = ["list_queues", "--quiet", "--no-table-headers", "--vhost", vhost, "name", "messages"];
        let told = self.node().ctl(&list);
        let queue = |line: &str| {
            let (name, messages) = line.rsplit_once('\t')?;
            // Empty while the queue has no leader.
            Some((name.to_owned(), messages.trim().parse().unwrap_or(u64::MAX)))
        };
        told.lines().filter_map(queue).collect()
    }

    /// Returns the server's first process.
    pub(crate) fn process(&self) -> u32 {
        self.node().server.lock().unwrap().id()
    }

    /// Kills the server and starts it again on the same data.
    pub(crate) fn restart(&self) {
        let node = self.node();
        let mut server = node.server.lock().unwrap();
        kill_group(&mut server);
        *server = node.spawn();
        node.wait_until_ready(&mut server);
    }
}

impl Node {
    fn start(identity: Option<&Identity>) -> Self {
        // /tmp itself: the server's user must be able to walk to its data.
        let directory = tempfile::Builder::new().prefix("treeherder-mq").tempdir_in("/tmp").unwrap();
        let [port, dist_port, epmd_port] = std::array::from_fn(|_| free_port());
        let file =
            |name: &str, content: String| std::fs::write(directory.path().join(name), content).unwrap();
        let vhosts = ["/", SECOND_VHOST];
        let definitions = serde_json::json!({
            "users": [{"name": "guest", "password": "guest", "tags": "administrator"}],
            "vhosts": vhosts.map(|name| serde_json::json!({"name": name})),
            "permissions": vhosts.map(|vhost| serde_json::json!(
                {"user": "guest", "vhost": vhost, "configure": ".*", "write": ".*", "read": ".*"})),
        });
        file("definitions.json", definitions.to_string());
        let address = if identity.is_some() { ELSEWHERE } else { "127.0.0.1" };
        let listener = match identity {
            None => format!("listeners.tcp.1 = {address}:{port}"),
            Some(identity) => {
                file("certificate.pem", identity.certificate.clone());
                file("key.pem", identity.key.clone());
                let at = |name: &str| directory.path().join(name).display().to_string();
                format!(
                    "listeners.tcp = none\nlisteners.ssl.1 = {address}:{port}\nssl_options.certfile = {}\n\
                     ssl_options.keyfile = {}\nssl_options.verify = verify_none",
                    at("certificate.pem"),
                    at("key.pem")
                )
            }
        };
        file(
            "rabbitmq.conf",
            format!(
                "{listener}\nload_definitions = {}\ndisk_free_limit.absolute = 1MB\n\
                 log.console = false\nlog.file = server.log\n",
                directory.path().join("definitions.json").display()
            ),
        );
        file("advanced.config", "[{kernel, [{inet_dist_use_interface, {127,0,0,1}}]}].\n".to_owned());
        file("plugins", "[].\n".to_owned());
        if is_root() {
            let path = directory.path();
            let status = Command::new("chown").args(["-R", "rabbitmq"]).arg(path).status().unwrap();
            assert!(status.success(), "chown: {status}");
        }
        // Erlang would leave a daemon behind.
        let epmd = as_server_user("epmd")
            .args(["-address", "127.0.0.1", "-port", &epmd_port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = spawn_server(directory.path(), dist_port, epmd_port, port);
        wait_until_ready(directory.path(), address, port, &mut server);
        Self { directory, address, port, dist_port, epmd_port, epmd, server: Mutex::new(server) }
    }

    fn spawn(&self) -> Child {
        spawn_server(self.directory.path(), self.dist_port, self.epmd_port, self.port)
    }

    fn wait_until_ready(&self, server: &mut Child) {
        wait_until_ready(self.directory.path(), self.address, self.port, server);
    }

    fn ctl(&self, arguments: &[&str]) -> String {
        let mut command = as_server_user(CTL);
        environment(&mut command, self.directory.path(), self.dist_port, self.epmd_port, self.port);
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "rabbitmqctl {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        kill_group(self.server.get_mut().unwrap());
        let _ = self.epmd.kill();
        let _ = self.epmd.wait();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0"
}

/// RabbitMQ's own user as root, else whoever runs the tests.
fn as_server_user(program: &str) -> Command {
    if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "rabbitmq", "--regid", "rabbitmq", "--init-groups", program]);
        command
    } else {
        Command::new(program)
    }
}

fn environment(command: &mut Command, directory: &Path, dist_port: u16, epmd_port: u16, port: u16) {
    command
        .env("HOME", directory)
        .env("RABBITMQ_NODENAME", format!("treeherder{port}@localhost"))
        .env("RABBITMQ_MNESIA_BASE", directory.join("data"))
        .env("RABBITMQ_LOG_BASE", directory)
        .env("RABBITMQ_CONFIG_FILE", directory.join("rabbitmq.conf"))
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", directory.join("advanced.config"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", directory.join("plugins"))
        .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
        .env("RABBITMQ_DIST_PORT", dist_port.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", epmd_port.to_string())
        .current_dir(directory)
        .stdin(Stdio::null());
}

fn spawn_server(directory: &Path, dist_port: u16, epmd_port: u16, port: u16) -> Child {
    let mut command = as_server_user(SERVER);
    environment(&mut command, directory, dist_port, epmd_port, port);
    let said = std::fs::File::create(directory.join("said")).unwrap();
    command.stdout(said.try_clone().unwrap()).stderr(said).process_group(0).spawn().unwrap()
}

/// Waits until the broker greets, which it does at the end of its start. One that wants TLS says so.
fn wait_until_ready(directory: &Path, address: &str, port: u16, server: &mut Child) {
    let greets = || {
        let mut stream = TcpStream::connect((address, port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(b"AMQP\0\0\x09\x01").ok()?;
        stream.read_exact(&mut [0; 1]).ok()
    };
    let start = Instant::now();
    while greets().is_none() {
        assert!(start.elapsed() < START, "RabbitMQ does not greet after {START:?}");
        if let Some(status) = server.try_wait().unwrap() {
            let said = std::fs::read_to_string(directory.join("said")).unwrap_or_default();
            panic!("RabbitMQ did not start: {status}\n{said}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn kill_group(server: &mut Child) {
    let group = format!("-{}", server.id());
    let status = Command::new("kill").args(["-KILL", "--", &group]).status().unwrap();
    if !status.success() {
        println!("RabbitMQ was not stopped: {status}");
    }
    let _ = server.wait();
}
