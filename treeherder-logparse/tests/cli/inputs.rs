//! Where logs come from, and what is wrong with some.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::json;

use crate::support::{LOG, folder, gzip, objects, run, run_with_input, status, stderr, stdout};

#[test]
fn gzip_is_found_out_by_content_and_the_standard_input_is_read() {
    let expected = "<stdin>:3: make: *** [all] Error 2\n<stdin>:5: PROCESS-CRASH | a.html\n";
    for input in [gzip(LOG), LOG.as_bytes().to_vec(), [gzip(&LOG[..100]), gzip(&LOG[100..])].concat()] {
        for arguments in [&[][..], &["-"][..]] {
            let output = run_with_input(arguments, &input);
            assert_eq!((stdout(&output), stderr(&output), status(&output)), (expected, "", 1));
        }
    }
}

#[test]
fn a_broken_input_is_told_and_does_not_stop_the_others() {
    let whole = gzip(&LOG.repeat(400));
    let mut corrupt = whole.clone();
    let checksum = corrupt.len() - 8;
    corrupt[checksum] ^= 1;
    let folder = folder(&[
        ("corrupt.log.gz", &corrupt),
        ("cut.log.gz", &whole[..whole.len() - 9]),
        ("good.log", LOG.as_bytes()),
    ]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    let inputs = ["missing.log", "corrupt.log.gz", "folder", "cut.log.gz", "good.log"];
    for threads in ["1", "3"] {
        let output = run(folder.path(), &[&["--format", "json", "-j", threads][..], &inputs].concat());
        let objects = objects(&output);
        let sources: Vec<_> = objects.iter().map(|object| object["source"].as_str().unwrap()).collect();
        assert_eq!(sources, inputs);
        let error = |at: usize| objects[at]["error"].as_str().unwrap_or("none");
        assert!(error(0).starts_with("cannot be opened: "), "{}", error(0));
        assert!(error(1).contains("at compressed byte "), "{}", error(1));
        assert_eq!((error(2), error(3), error(4)), ("is a directory", "none", "none"));
        assert!(
            objects[1]["errors"].as_array().is_some_and(|errors| !errors.is_empty()),
            "lines before the damage"
        );
        assert_eq!((&objects[1]["truncated"], &objects[3]["truncated"]), (&json!(false), &json!(true)));
        assert_eq!(objects[4]["errors"].as_array().map(Vec::len), Some(2));
        for message in [
            "logparse: missing.log: cannot be opened: ",
            "logparse: corrupt.log.gz: ",
            "logparse: folder: is a directory",
            "logparse: cut.log.gz: its gzip data ends too early, at byte ",
        ] {
            assert!(stderr(&output).contains(message), "{message} in {}", stderr(&output));
        }
        assert_eq!(status(&output), 2);
    }
}

#[test]
fn output_keeps_the_order_of_the_inputs_on_any_number_of_threads() {
    let names: Vec<String> = (0..40).map(|number| format!("{number}.log")).collect();
    let logs: Vec<String> = (0..40)
        .map(|number| {
            let lines = if number % 5 == 0 { 20_000 } else { number };
            (0..lines).map(|line| format!("abort: {number} {line}\n")).collect()
        })
        .collect();
    let files: Vec<(&str, &[u8])> =
        names.iter().zip(&logs).map(|(name, log)| (name.as_str(), log.as_bytes())).collect();
    let folder = folder(&files);
    let arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    let expected: String = names
        .iter()
        .zip(&logs)
        .flat_map(|(name, log)| {
            log.lines().zip(1..).map(move |(line, number)| format!("{name}:{number}: {line}\n"))
        })
        .collect();
    for threads in ["1", "2", "7"] {
        let output =
            run(folder.path(), &[&["--max-errors", "none", "--threads", threads][..], &arguments].concat());
        assert!(stdout(&output) == expected, "{threads} threads");
        assert_eq!((stderr(&output), status(&output)), ("", 1));
    }
}

/// Serves each connection one answer by its path; returns the address.
fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            answer(connection.unwrap());
        }
    });
    address
}

fn answer(mut connection: TcpStream) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
    }
    let request = String::from_utf8(request).unwrap();
    let (head, body) = match request.split(' ').nth(1).unwrap() {
        "/plain.log" => ("200 OK", LOG.as_bytes().to_vec()),
        "/live.log.gz" => ("200 OK\r\nContent-Encoding: gzip", gzip(LOG)),
        "/negotiated" if request.to_lowercase().contains("accept-encoding: gzip\r\n") => {
            ("200 OK", gzip(LOG))
        }
        "/moved" => ("302 Found\r\nLocation: /plain.log", Vec::new()),
        "/loop" => ("302 Found\r\nLocation: /loop", Vec::new()),
        "/short" => ("200 OK\r\nX-Promise: more", LOG.as_bytes().to_vec()),
        _ => ("404 Not Found", b"abort: this page does not exist".to_vec()),
    };
    let promise = if head.contains("X-Promise") { body.len() + 100 } else { body.len() };
    write!(connection, "HTTP/1.1 {head}\r\nContent-Length: {promise}\r\nConnection: close\r\n\r\n").unwrap();
    connection.write_all(&body).unwrap();
}

#[test]
fn urls_are_read_as_files_are() {
    let server = server();
    for path in ["plain.log", "live.log.gz", "negotiated", "moved"] {
        let url = format!("{server}/{path}");
        let output = run_with_input(&[&url], b"");
        let expected = format!("{url}:3: make: *** [all] Error 2\n{url}:5: PROCESS-CRASH | a.html\n");
        assert_eq!((stdout(&output), stderr(&output), status(&output)), (expected.as_str(), "", 1));
    }
}

#[test]
fn a_url_that_cannot_be_read_is_told_with_its_reason() {
    let server = server();
    for (path, reason) in [
        ("missing", "cannot be fetched: the server answered 404 Not Found"),
        ("loop", "too many redirects"),
        ("short", "cannot be read on after "),
    ] {
        let url = format!("{server}/{path}");
        let output = run_with_input(&[&url], b"");
        assert!(stderr(&output).starts_with(&format!("logparse: {url}: ")), "{}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
        assert_eq!(stdout(&output).is_empty(), path != "short", "what came before the end is told");
        assert_eq!(status(&output), 2);
    }
    let output = run_with_input(&["http://127.0.0.1:1/refused"], b"");
    assert!(stderr(&output).contains("cannot be fetched: "), "{}", stderr(&output));
    assert_eq!(status(&output), 2);
}
