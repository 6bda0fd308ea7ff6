//! What went wrong, as a sentence for people.

/// Tells an error with its causes and, where that helps, what to do.
pub(crate) fn sentence(failure: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in failure.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    match advice(&text) {
        Some(advice) => format!("{text}\n{advice}"),
        None => text,
    }
}

/// Known signs of trouble and what helps against it.
const ADVICE: [(&[&str], &str); 11] = [
    (
        &["database or disk is full", "No space left on device"],
        "The disk is full: free some space or choose another folder with --data-dir, then start again; nothing that \
         was acknowledged is lost.",
    ),
    (&["database is locked"], "Another program holds the database: stop it or wait until it has finished."),
    (
        &["unable to open database file", "readonly database"],
        "Check that the folder exists and that you may write to it.",
    ),
    (&["file is not a database"], "That file is something else: choose another one with --database-url."),
    (&["Address already in use"], "Choose another address with --listen, or port 0 for any free one."),
    (&["no such table", "relation \"repository\" does not exist"], "Run `treeherder migrate` first."),
    (
        &["not valid for name"],
        "The server says that it is another one: name it in the URL as its certificate does.",
    ),
    (
        &["UnknownIssuer"],
        "This machine does not trust who signed the server's certificate: add that authority to those of the system, or name its \
         file in SSL_CERT_FILE, with SSL_CERT_DIR=/etc/ssl/certs beside it so that those of the system still count.",
    ),
    (
        &["server does not support TLS", "InvalidContentType"],
        "A server elsewhere is spoken to with TLS only: switch it on there. What is safe without, in a network of its own, says \
         so in its URL: `sslmode=disable` for PostgreSQL, `ssl=0` for RabbitMQ.",
    ),
    (
        &["ParserErrors"],
        "What answers there does not speak AMQP in the clear. It may want TLS: `amqps:` asks for it, and `ssl=0` must not be there.",
    ),
    (&["Permission denied"], "Check the permissions, or choose another place."),
];

fn advice(text: &str) -> Option<&'static str> {
    let known = ADVICE.iter().find(|(signs, _)| signs.iter().any(|sign| text.contains(sign)));
    known.map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once_and_with_advice() {
        let inner = std::io::Error::other("database or disk is full");
        let failure = anyhow::Error::new(inner).context("cannot store a push");
        let text = sentence(&failure);
        assert!(
            text.starts_with("cannot store a push: database or disk is full\nThe disk is full"),
            "{text}"
        );
    }
}
