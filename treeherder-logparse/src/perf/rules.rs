//! The rules for single values: type, range, length.

use serde_json::Number as JsonNumber;

use super::problem::{Place, Violation, excerpt};
use crate::json::{Kind, Number, Reader, SyntaxError};

/// What reading gives. Text that is not JSON ends everything; a violation still lets the text behind it be read, since
/// a later value of the same name replaces this one, violation and all.
pub(super) type Read<T> = Result<Result<T, Violation>, SyntaxError>;

/// The greatest absolute value of a measurement.
pub(super) const VALUE_LIMIT: f64 = 1e12;

/// Reads a value as what it must be, or steps over it.
pub(super) fn expect<T>(
    reader: &mut Reader<'_>,
    at: &Place<'_>,
    expected: Kind,
    read: impl FnOnce(&mut Reader<'_>) -> Read<T>,
) -> Read<T> {
    let found = reader.kind()?;
    if found == expected {
        return read(reader);
    }
    reader.skip()?;
    Ok(Err(at.violation(["expected ", expected.name(), ", found ", found.name()].concat())))
}

/// Reads a string of `min` to `max` characters.
pub(super) fn text(reader: &mut Reader<'_>, at: &Place<'_>, min: usize, max: usize) -> Read<String> {
    expect(reader, at, Kind::String, |reader| {
        let text = reader.string()?;
        let length = text.chars().count();
        Ok(if length > max {
            Err(at.violation(format!("is {length} characters long, the limit is {max}")))
        } else if length < min {
            Err(at.violation("must not be empty"))
        } else {
            Ok(text.into_owned())
        })
    })
}

/// Reads one word of a fixed list and hands it to `make`.
pub(super) fn word<T>(
    reader: &mut Reader<'_>,
    at: &Place<'_>,
    words: &[&str],
    make: impl FnOnce(&str) -> Option<T>,
) -> Read<T> {
    expect(reader, at, Kind::String, |reader| {
        let text = reader.string()?;
        let made = if words.contains(&&*text) { make(&text) } else { None };
        Ok(made.ok_or_else(|| {
            at.violation(format!("\"{}\" is not one of {}", excerpt(&text), words.join(", ")))
        }))
    })
}

/// Reads a boolean.
pub(super) fn boolean(reader: &mut Reader<'_>, at: &Place<'_>) -> Read<bool> {
    expect(reader, at, Kind::Bool, |reader| reader.bool().map(Ok))
}

/// Reads a finite number from `min` to `max`.
pub(super) fn number(reader: &mut Reader<'_>, at: &Place<'_>, min: f64, max: f64) -> Read<JsonNumber> {
    expect(reader, at, Kind::Number, |reader| {
        Ok(match reader.number()? {
            Number::Finite(number) => {
                let value = number.as_f64().unwrap_or(f64::NAN);
                if value < min {
                    Err(at.violation(format!("{number} is below the minimum of {min}")))
                } else if value > max {
                    Err(at.violation(format!("{number} is above the maximum of {max}")))
                } else {
                    Ok(number)
                }
            }
            Number::NotFinite(text) => Err(not_finite(at, text)),
        })
    })
}

/// Reads a number like [`number`], without a fraction: `3.0` is an integer.
pub(super) fn integer(reader: &mut Reader<'_>, at: &Place<'_>, min: f64, max: f64) -> Read<JsonNumber> {
    Ok(number(reader, at, min, max)?.and_then(|number| {
        if number.as_f64().is_some_and(|value| value.fract() == 0.0) {
            Ok(number)
        } else {
            Err(at.violation(format!("{number} is not an integer")))
        }
    }))
}

/// Reads an array. After the first violation the rest is only checked for being JSON.
pub(super) fn list<T>(
    reader: &mut Reader<'_>,
    at: &Place<'_>,
    mut read_item: impl FnMut(&mut Reader<'_>, &Place<'_>) -> Read<T>,
) -> Read<Vec<T>> {
    expect(reader, at, Kind::Array, |reader| {
        let mut list = Vec::new();
        let mut violation = None;
        reader.open()?;
        while reader.next_element()? {
            if violation.is_some() {
                reader.skip()?;
                continue;
            }
            match read_item(reader, &Place::Index(at, list.len()))? {
                Ok(item) => list.push(item),
                Err(found) => {
                    violation = Some(found);
                    list = Vec::new();
                }
            }
        }
        Ok(violation.map_or(Ok(list), Err))
    })
}

/// Reads an array of at most `max_items` different strings, each accepted by `check`.
pub(super) fn different_texts(
    reader: &mut Reader<'_>,
    at: &Place<'_>,
    max_items: usize,
    max_length: usize,
    check: impl Fn(&str) -> Result<(), &'static str>,
) -> Read<Vec<String>> {
    // No more than `max_items` are ever kept, so comparing each with all is cheap.
    let mut seen: Vec<String> = Vec::new();
    let read = list(reader, at, |reader, place| {
        if seen.len() == max_items {
            reader.skip()?;
            return Ok(Err(at.violation(format!("has more than {max_items} items"))));
        }
        Ok(text(reader, place, 0, max_length)?.and_then(|item| {
            check(&item).map_err(|why| place.violation(format!("\"{}\" {why}", excerpt(&item))))?;
            if seen.contains(&item) {
                return Err(place.violation(format!("\"{}\" comes twice", excerpt(&item))));
            }
            seen.push(item);
            Ok(())
        }))
    })?;
    Ok(read.map(|_| seen))
}

/// Makes the violation of a number that JSON cannot carry.
pub(super) fn not_finite(at: &Place<'_>, text: &str) -> Violation {
    at.violation(format!("{} is not a finite number", excerpt(text)))
}
