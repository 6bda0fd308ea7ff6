//! From the text of a line to what it says.

use super::error::LineFault;
use super::line::{
    ErrorSummaryLine, FailureAction, FailureLine, GroupRejection, GroupResult, GroupStatus, RejectedGroup,
    UnknownAction,
};
use crate::RawJson;
use crate::json::{self, Kind, Number, Reader, SyntaxError};

/// The longest name of a group, in characters.
const GROUP_LIMIT: usize = 255;
/// Groups that claim to have run longer than this many milliseconds (two hours) count as 0.
const DURATION_LIMIT: f64 = 7_200_000.0;

/// What the keys of one line hold, before its action is known: it may come last.
#[derive(Default)]
struct Fields {
    action: Option<String>,
    line: Option<Result<u32, String>>,
    test: Option<String>,
    subtest: Option<String>,
    status: Option<String>,
    expected: Option<String>,
    message: Option<String>,
    signature: Option<String>,
    level: Option<String>,
    stack: Option<String>,
    stackwalk_stdout: Option<String>,
    stackwalk_stderr: Option<String>,
    known_intermittent: Option<Result<RawJson, String>>,
    group: Option<String>,
    groups: Vec<String>,
    duration: u16,
}

/// Parses one line without its terminator. With `cut_off`, its action is `truncated`, whatever it says.
pub(super) fn parse(line: &[u8], line_number: u64, cut_off: bool) -> Result<ErrorSummaryLine, LineFault> {
    let text = json::decode(line);
    let not_json =
        |error: SyntaxError| LineFault::NotJson { offset: error.offset, message: error.message.to_owned() };
    let mut reader = Reader::new(&text);
    let found = reader.kind().map_err(not_json)?;
    if found != Kind::Object {
        reader.skip().and_then(|_| reader.end()).map_err(not_json)?;
        return Err(LineFault::NotAnObject { found: found.name() });
    }
    let mut fields = read(&mut reader).map_err(not_json)?;
    reader.end().map_err(not_json)?;

    if cut_off {
        return fields.failure_line(FailureAction::Truncated);
    }
    let action = fields.action.take().ok_or(LineFault::MissingKey { key: "action" })?;
    match &*action {
        "group_result" => fields.group_result(),
        "test_groups" => Ok(ErrorSummaryLine::TestGroups { groups: fields.groups }),
        name => match FailureAction::from_name(name) {
            Some(action) => fields.failure_line(action),
            None => Ok(ErrorSummaryLine::Unknown(UnknownAction { action, line_number })),
        },
    }
}

fn read(reader: &mut Reader<'_>) -> Result<Fields, SyntaxError> {
    let mut fields = Fields::default();
    reader.open()?;
    while let Some(key) = reader.next_key()? {
        match &*key {
            "action" => fields.action = text(reader)?,
            "line" => fields.line = line(reader)?,
            "test" => fields.test = text(reader)?,
            "subtest" => fields.subtest = text(reader)?,
            "status" => fields.status = text(reader)?,
            "expected" => fields.expected = text(reader)?,
            "message" => fields.message = text(reader)?,
            "signature" => fields.signature = text(reader)?,
            "level" => fields.level = text(reader)?,
            "stack" => fields.stack = text(reader)?,
            "stackwalk_stdout" => fields.stackwalk_stdout = text(reader)?,
            "stackwalk_stderr" => fields.stackwalk_stderr = text(reader)?,
            "known_intermittent" => fields.known_intermittent = Some(raw(reader)?),
            "group" => fields.group = text(reader)?,
            "groups" => fields.groups = texts(reader)?,
            "duration" => fields.duration = duration(reader)?,
            _ => drop(reader.skip()?),
        }
    }
    Ok(fields)
}

impl Fields {
    fn failure_line(self, action: FailureAction) -> Result<ErrorSummaryLine, LineFault> {
        let line = self.line.ok_or(LineFault::MissingKey { key: "line" })?;
        let line = line.map_err(|message| LineFault::InvalidValue { key: "line", message })?;
        let known_intermittent = self.known_intermittent.unwrap_or_else(|| Ok(RawJson::empty_list()));
        let known_intermittent = known_intermittent
            .map_err(|message| LineFault::InvalidValue { key: "known_intermittent", message })?;
        Ok(ErrorSummaryLine::Failure(Box::new(FailureLine {
            action,
            line,
            test: self.test,
            subtest: self.subtest,
            status: self.status.unwrap_or_default(),
            expected: self.expected,
            message: self.message,
            signature: self.signature,
            level: self.level,
            stack: self.stack,
            stackwalk_stdout: self.stackwalk_stdout,
            stackwalk_stderr: self.stackwalk_stderr,
            known_intermittent,
        })))
    }

    fn group_result(self) -> Result<ErrorSummaryLine, LineFault> {
        let group = self.group.ok_or(LineFault::MissingKey { key: "group" })?;
        // No status is one more that is not supported.
        let status_text = self.status.unwrap_or_default();
        let reason = if group.contains('\\') {
            Some(GroupRejection::Backslash)
        } else if group.chars().count() > GROUP_LIMIT {
            Some(GroupRejection::TooLong)
        } else {
            None
        };
        if let Some(reason) = reason {
            return Ok(ErrorSummaryLine::RejectedGroup(RejectedGroup { group, reason }));
        }
        Ok(ErrorSummaryLine::Group(GroupResult {
            status: GroupStatus::from_text(&status_text),
            group,
            status_text,
            duration: self.duration,
            // A result is worth storing without the number, so one that makes no sense is no error here.
            line: self.line.and_then(Result::ok),
        }))
    }
}

/// Reads a column of text: null is none, and what is no string is kept as its JSON text.
fn text(reader: &mut Reader<'_>) -> Result<Option<String>, SyntaxError> {
    match reader.kind()? {
        Kind::String => Ok(Some(reader.string()?.into_owned())),
        kind => {
            let skipped = reader.skip()?;
            Ok((kind != Kind::Null).then(|| skipped.text.to_owned()))
        }
    }
}

/// Reads the names of the groups; those that are no strings are left out.
fn texts(reader: &mut Reader<'_>) -> Result<Vec<String>, SyntaxError> {
    let mut texts = Vec::new();
    if reader.kind()? != Kind::Array {
        reader.skip()?;
        return Ok(texts);
    }
    reader.open()?;
    while reader.next_element()? {
        if reader.kind()? == Kind::String {
            texts.push(reader.string()?.into_owned());
        } else {
            reader.skip()?;
        }
    }
    Ok(texts)
}

/// Reads a line number: an integer from 0 to what the column holds.
fn line(reader: &mut Reader<'_>) -> Result<Option<Result<u32, String>>, SyntaxError> {
    let kind = reader.kind()?;
    let value = reader.clone();
    let skipped = reader.skip()?;
    let number = match kind {
        Kind::Null => return Ok(None),
        Kind::Number => number(value)?,
        _ => None,
    };
    let limit = i32::MAX.unsigned_abs();
    let line = number.filter(|value| value.fract() == 0.0 && (0.0..=f64::from(limit)).contains(value));
    // The range was checked, so that the conversion is exact.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let line = line.map(|value| value as u32);
    Ok(Some(line.ok_or_else(|| {
        let shown: String = skipped.text.chars().take(40).collect();
        format!("is not an integer from 0 to {limit}: {shown}")
    })))
}

/// Reads the duration of a group, given in milliseconds, as whole seconds.
fn duration(reader: &mut Reader<'_>) -> Result<u16, SyntaxError> {
    if reader.kind()? != Kind::Number {
        reader.skip()?;
        return Ok(0);
    }
    let value = reader.clone();
    reader.skip()?;
    let milliseconds = number(value)?.map(f64::trunc).filter(|value| (0.0..=DURATION_LIMIT).contains(value));
    // At most 7200.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(milliseconds.map_or(0, |value| (value / 1000.0) as u16))
}

fn number(mut reader: Reader<'_>) -> Result<Option<f64>, SyntaxError> {
    Ok(match reader.number()? {
        Number::Finite(number) => number.as_f64(),
        Number::NotFinite(_) => None,
    })
}

fn raw(reader: &mut Reader<'_>) -> Result<Result<RawJson, String>, SyntaxError> {
    let skipped = reader.skip()?;
    Ok(match skipped.not_finite {
        Some(text) => Err(format!("contains {text}, which is not a finite number")),
        None => RawJson::from_text(skipped.text).map_err(|error| error.to_string()),
    })
}
