//! The command line itself.

use crate::support::{run_with_input, status, stderr, stdout};

#[test]
fn help_manual_and_completions_tell_of_every_option() {
    let help = run_with_input(&["--help"], b"");
    assert_eq!(status(&help), 0);
    assert!(stdout(&help).contains("Examples:\n  logparse "), "{}", stdout(&help));
    let man = run_with_input(&["--man"], b"");
    assert_eq!(status(&man), 0);
    assert!(stdout(&man).contains(".TH logparse 1"), "{}", stdout(&man));
    let bash = run_with_input(&["--completions", "bash"], b"");
    for option in
        ["rules", "max-errors", "errorsummary", "context", "threads", "format", "color", "list-rules"]
    {
        assert!(stdout(&help).contains(&format!("--{option}")), "{option}");
        assert!(stdout(&man).contains(&option.replace('-', "\\-")), "{option}");
        assert!(stdout(&bash).contains(&format!("--{option}")), "{option}");
    }
    for shell in ["zsh", "fish", "powershell", "elvish"] {
        let script = run_with_input(&["--completions", shell], b"");
        assert!(stdout(&script).contains("max-errors"), "{shell}");
    }
}

#[test]
fn wrong_arguments_are_refused() {
    for arguments in [&["--frobnicate"][..], &["--format", "xml"], &["--threads", "0"], &["--context", "-1"]]
    {
        let output = run_with_input(arguments, b"");
        assert_eq!((status(&output), stdout(&output)), (2, ""), "{arguments:?}");
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
}
