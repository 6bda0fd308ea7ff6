//! The filters that all lists of jobs take (§3.0).

use treeherder_ingest::store::{FieldKind, JobFilterField, Wanted};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr, Required};

use crate::web::parameters::{Parameters, moment, unix_time};
use crate::web::response::Refused;

/// What the lists of jobs of a project call some filters too.
const OLD_PUSH_ID: &str = "result_set_id";

/// A condition of a list of jobs.
pub(super) type Filter = (JobFilterField, Wanted);

/// The filters, for the API's document.
#[derive(Debug)]
pub(super) struct JobFilters;

impl IntoParams for JobFilters {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        JobFilterField::parameters()
            .map(|(name, field)| {
                let schema = match field.kind() {
                    _ if field.takes_list() => text_schema(None),
                    FieldKind::Number => {
                        Schema::Object(ObjectBuilder::new().schema_type(Type::Integer).build())
                    }
                    FieldKind::Text => text_schema(None),
                    FieldKind::Moment => text_schema(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
                };
                ParameterBuilder::new()
                    .name(name)
                    .parameter_in(ParameterIn::Query)
                    .required(Required::False)
                    .description(field.takes_list().then_some("Values with commas between them"))
                    .schema(Some(RefOr::T(schema)))
                    .build()
            })
            .collect()
    }
}

fn text_schema(format: Option<SchemaFormat>) -> Schema {
    Schema::Object(ObjectBuilder::new().schema_type(Type::String).format(format).build())
}

/// Reads the filters; blank values and unknown names are passed over, invalid values refused.
pub(super) fn strict(parameters: &Parameters) -> Result<Vec<Filter>, Refused> {
    let mut filters = Vec::new();
    for (name, value) in parameters.each() {
        // A page that was opened for a task without a run sends this word.
        if name == "retry_id" && value == "undefined" {
            continue;
        }
        let Some(field) = JobFilterField::of_parameter(name) else { continue };
        if !value.trim().is_empty() {
            filters.push((field, wanted(field, value).map_err(|problem| Refused::field(name, problem))?));
        }
    }
    Ok(filters)
}

/// Reads the filters as the lists of a project do: invalid values are passed over too, and old names are known.
pub(super) fn lenient(parameters: &Parameters) -> Vec<Filter> {
    let mut filters = Vec::new();
    for (name, value) in parameters.each() {
        if value.trim().is_empty() {
            continue;
        }
        if let Some(filter) = old_time(name, value) {
            filters.push(filter);
            continue;
        }
        let renamed;
        let name = match name.strip_prefix(OLD_PUSH_ID) {
            Some(rest) => {
                renamed = format!("push_id{rest}");
                &renamed
            }
            None => name,
        };
        let Some(field) = JobFilterField::of_parameter(name) else { continue };
        filters.extend(wanted(field, value).ok().map(|wanted| (field, wanted)));
    }
    filters
}

/// Times in Unix seconds, as old clients give them.
fn old_time(name: &str, value: &str) -> Option<Filter> {
    let column = match name {
        "submit_timestamp" => "submit_time",
        "start_timestamp" => "start_time",
        "end_timestamp" => "end_time",
        _ => return None,
    };
    Some((JobFilterField::of_parameter(column)?, Wanted::Moment(unix_time(value)?)))
}

fn wanted(field: JobFilterField, value: &str) -> Result<Wanted, &'static str> {
    let values: Vec<&str> = if field.takes_list() {
        value.split(',').map(str::trim).filter(|value| !value.is_empty()).collect()
    } else {
        vec![value.trim()]
    };
    match field.kind() {
        FieldKind::Number => {
            let numbers: Result<Vec<i64>, _> = values.iter().map(|value| value.parse()).collect();
            numbers.map(Wanted::Numbers).map_err(|_| "Enter a number.")
        }
        FieldKind::Text => Ok(Wanted::Texts(values.into_iter().map(str::to_owned).collect())),
        FieldKind::Moment => moment(value.trim()).map(Wanted::Moment).ok_or("Enter a valid date/time."),
    }
}
