//! Pushes of a project (§3.6, §3.7).

use axum::extract::{Path, State};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use treeherder_ingest::store::{Comparison, PushCondition, PushQuery, PushSummary, Store};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::AppState;
use crate::web::json::Json;
use crate::web::parameters::{Parameters, day, unix_time};
use crate::web::response::Refused;

/// Most pushes of one list.
const MAX_PUSH_COUNT: i64 = 1000;

/// Most pushes that a search finds.
const MAX_FOUND: i64 = 200;

/// Length of a full revision.
const FULL_REVISION: usize = 40;

/// Parameters that are repeated in `meta` by their own names.
const NAMED: [&str; 6] = ["fromchange", "tochange", "startdate", "enddate", "revision", "commit_revision"];

/// Makes the routes of pushes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(one))
}

/// A list of pushes.
#[derive(Debug, Serialize, ToSchema)]
struct PushList {
    /// What was asked for, the number of pushes and the filters that follow from what was asked for.
    #[schema(value_type = Value)]
    meta: Map<String, Value>,
    /// The pushes, the newest first.
    results: Vec<Push>,
}

/// A push.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Push {
    /// Id.
    id: i32,
    /// Head commit.
    revision: String,
    /// Who pushed.
    author: String,
    /// Branch, when it was found by a rule for many branches.
    branch: Option<String>,
    /// Its commits, the newest first, at most 20.
    revisions: Vec<Commit>,
    /// Number of commits.
    revision_count: i64,
    /// When it was pushed, in Unix seconds.
    push_timestamp: i64,
    /// Id of the repository.
    repository_id: i32,
}

/// A commit of a push.
#[derive(Debug, Serialize, ToSchema)]
struct Commit {
    /// Id of the push.
    result_set_id: i32,
    /// Id of the repository.
    repository_id: i32,
    /// Commit id.
    revision: String,
    /// Author.
    author: String,
    /// Message.
    comments: String,
}

impl From<PushSummary> for Push {
    fn from(push: PushSummary) -> Self {
        let commit = |revision, author, comments| Commit {
            result_set_id: push.id,
            repository_id: push.repository_id,
            revision,
            author,
            comments,
        };
        let mut revisions: Vec<Commit> = push
            .revisions
            .into_iter()
            .map(|shown| commit(shown.revision, shown.author, shown.comments))
            .collect();
        // Pages read the first commit of every push without looking whether there is one.
        if revisions.is_empty() {
            revisions.push(commit(push.revision.clone(), push.author.clone(), String::new()));
        }
        Self {
            id: push.id,
            revision: push.revision,
            author: push.author,
            branch: push.branch,
            revision_count: push.revision_count.max(1),
            revisions,
            push_timestamp: push.time.timestamp(),
            repository_id: push.repository_id,
        }
    }
}

/// Lists pushes of a project
///
/// The newest first. All filters hold together.
#[utoipa::path(
    get,
    path = "/api/project/{project}/push/",
    tag = "pushes",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("count" = Option<u64>, Query, description = "Most pushes returned: 10 unless told otherwise, at most 1000"),
        ("offset" = Option<u64>, Query, description = "Pushes passed over"),
        ("fromchange" = Option<String>, Query, description = "Revision of the oldest push wanted, or its beginning"),
        ("tochange" = Option<String>, Query, description = "Revision of the newest push wanted, or its beginning"),
        ("startdate" = Option<String>, Query, description = "First day, `YYYY-MM-DD`"),
        ("enddate" = Option<String>, Query, description = "Last day, `YYYY-MM-DD`"),
        ("revision" = Option<String>, Query, description = "Head commit, or its beginning"),
        ("commit_revision" = Option<String>, Query, description = "Any commit of the push, all 40 characters"),
        ("push_timestamp__lt" = Option<f64>, Query, description = "Unix seconds"),
        ("push_timestamp__lte" = Option<f64>, Query, description = "Unix seconds"),
        ("push_timestamp__gt" = Option<f64>, Query, description = "Unix seconds"),
        ("push_timestamp__gte" = Option<f64>, Query, description = "Unix seconds"),
        ("id" = Option<i64>, Query, description = "Id; 0 for any"),
        ("id__lt" = Option<i64>, Query, description = "Id; 0 for any"),
        ("id__lte" = Option<i64>, Query, description = "Id; 0 for any"),
        ("id__gt" = Option<i64>, Query, description = "Id; 0 for any"),
        ("id__gte" = Option<i64>, Query, description = "Id; 0 for any"),
        ("id__in" = Option<String>, Query, description = "Ids with commas between them"),
        ("author" = Option<String>, Query, description = "Author in any case; with `-` before it, anybody else"),
        ("author_contains" = Option<String>, Query, description = "Part of the author in any case"),
        ("hide_reviewbot_pushes" = Option<String>, Query, description = "`true` leaves out the author `reviewbot`"),
        ("search" = Option<String>, Query, description = "Words of commits, or a part of author or revision"),
        ("all_repos" = Option<String>, Query, description = "Any value: pushes of all projects"),
    ),
    responses((status = OK, body = PushList), (status = BAD_REQUEST, body = Value), (status = NOT_FOUND, body = Value))
)]
async fn list(
    State(store): State<Store>,
    Path(project): Path<String>,
    parameters: Parameters,
) -> Result<Json<PushList>, Refused> {
    let everywhere = parameters.last("all_repos").is_some_and(|value| !value.is_empty());
    let repository_id = if everywhere {
        None
    } else {
        Some(store.repository_id(&project).await?.ok_or_else(|| Refused::no_project(&project))?)
    };
    let mut asked = Asked::default();
    asked.derive(&store, repository_id, &parameters).await?;
    asked.filters(&parameters)?;
    let count = count(&parameters)?;
    let found = parameters.text("search").map_or(count, |_| count.min(MAX_FOUND));
    let offset = match parameters.text("offset") {
        None => 0,
        Some(text) => {
            text.trim().parse::<u32>().map_err(|_| Refused::invalid("Valid offset value required"))?
        }
    };
    let query = PushQuery {
        repository_id,
        conditions: asked.conditions,
        offset: offset.into(),
        limit: found.unsigned_abs(),
    };
    let results: Vec<Push> = store.pushes(&query).await?.into_iter().map(Push::from).collect();
    let mut meta = Map::new();
    for name in NAMED {
        if let Some(value) = parameters.last(name) {
            meta.insert(name.to_owned(), value.into());
        }
    }
    meta.insert("count".to_owned(), results.len().into());
    meta.insert("repository".to_owned(), if everywhere { "all".into() } else { project.into() });
    meta.insert("filter_params".to_owned(), Value::Object(asked.echoed));
    Ok(Json(PushList { meta, results }))
}

/// Shows a push
#[utoipa::path(
    get,
    path = "/api/project/{project}/push/{id}/",
    tag = "pushes",
    params(
        ("project" = String, Path, description = "Name of the repository"),
        ("id" = i32, Path, description = "Id of the push"),
    ),
    responses((status = OK, body = Push), (status = NOT_FOUND, body = Value))
)]
async fn one(
    State(store): State<Store>,
    Path((project, id)): Path<(String, String)>,
) -> Result<Json<Push>, Refused> {
    let found = match id.parse() {
        Ok(id) => store.push_summary(&project, id).await?,
        Err(_) => None,
    };
    let push = found.ok_or_else(|| Refused::missing(format!("No push with id: {id}")))?;
    Ok(Json(push.into()))
}

/// Reads how many pushes are wanted.
fn count(parameters: &Parameters) -> Result<i64, Refused> {
    let Some(text) = parameters.last("count") else { return Ok(10) };
    let count: i64 = text.trim().parse().map_err(|_| Refused::invalid("Valid count value required"))?;
    if count > MAX_PUSH_COUNT {
        return Err(Refused::invalid(&format!("Specified count exceeds api limit: {MAX_PUSH_COUNT}")));
    }
    if count < 1 {
        return Err(Refused::invalid(&format!("count requires a positive integer, not: {count}")));
    }
    Ok(count)
}

/// The filters of a request, and how they are told to the client.
#[derive(Debug, Default)]
struct Asked {
    conditions: Vec<PushCondition>,
    echoed: Map<String, Value>,
}

impl Asked {
    /// Turns the parameters of [`NAMED`] into filters by time and revision.
    async fn derive(
        &mut self,
        store: &Store,
        repository_id: Option<i32>,
        parameters: &Parameters,
    ) -> Result<(), Refused> {
        for (name, value) in parameters.each().filter(|(name, _)| !NAMED.contains(name)) {
            self.echoed.insert(name.to_owned(), value.into());
        }
        for (name, filter, comparison) in [
            ("fromchange", "push_timestamp__gte", Comparison::GreaterOrEqual),
            ("tochange", "push_timestamp__lte", Comparison::LessOrEqual),
        ] {
            let Some(revision) = parameters.text(name) else { continue };
            let Some(id) = repository_id else {
                return Err(Refused::invalid(&format!("{name} cannot be used with all_repos")));
            };
            match store.push_times(id, revision).await?.as_slice() {
                [time] => self.by_time(filter, comparison, *time),
                [] => return Err(Refused::not_found(&format!("No push with revision: {revision}"))),
                _ => return Err(Refused::invalid(&format!("Several pushes have the revision {revision}"))),
            }
        }
        if let Some(text) = parameters.text("startdate") {
            let start = midnight(named_day("startdate", text)?);
            self.by_time("push_timestamp__gte", Comparison::GreaterOrEqual, start);
        }
        if let Some(text) = parameters.text("enddate") {
            let last = named_day("enddate", text)?;
            let next = last.checked_add_days(Days::new(1)).unwrap_or(last);
            self.by_time("push_timestamp__lt", Comparison::Less, midnight(next));
        }
        if let Some(revision) = parameters.text("revision") {
            let length = revision.chars().count();
            let filter =
                if length == FULL_REVISION { "revisions_long_revision" } else { "revisions_short_revision" };
            self.echoed.insert(filter.to_owned(), revision.into());
            self.conditions.push(PushCondition::Revision(revision.to_owned()));
        }
        if let Some(revision) = parameters.text("commit_revision") {
            self.conditions.push(PushCondition::CommitRevision(revision.to_owned()));
        }
        Ok(())
    }

    fn by_time(&mut self, filter: &str, comparison: Comparison, time: DateTime<Utc>) {
        self.echoed.insert(filter.to_owned(), json!(time.timestamp()));
        self.conditions.push(PushCondition::Time(comparison, time));
    }

    /// Reads the other filters.
    fn filters(&mut self, parameters: &Parameters) -> Result<(), Refused> {
        let comparisons =
            [Comparison::Less, Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual];
        for comparison in comparisons {
            let name = format!("push_timestamp{}", comparison.suffix());
            let Some(text) = parameters.text(&name) else { continue };
            let invalid = || Refused::invalid(&format!("Invalid timestamp specified for {name}"));
            let time = unix_time(text).ok_or_else(invalid)?;
            self.conditions.push(PushCondition::Time(comparison, time));
        }
        for comparison in comparisons.into_iter().chain([Comparison::Exact]) {
            let name = format!("id{}", comparison.suffix());
            let Some(text) = parameters.text(&name) else { continue };
            let invalid = |_| Refused::invalid(&format!("Invalid timestamp specified for {name}"));
            let id: i64 = text.trim().parse().map_err(invalid)?;
            if id != 0 {
                self.conditions.push(PushCondition::Id(comparison, id));
            }
        }
        if let Some(text) = parameters.text("id__in") {
            let ids: Result<Vec<i64>, _> = text.split(',').map(|id| id.trim().parse()).collect();
            let ids = ids.map_err(|_| Refused::invalid("Invalid id__in specification"))?;
            self.conditions.push(PushCondition::Ids(ids));
        }
        self.authors(parameters);
        if let Some(text) = parameters.text("search") {
            self.conditions.push(PushCondition::Search(text.to_owned()));
        }
        Ok(())
    }

    fn authors(&mut self, parameters: &Parameters) {
        if let Some(author) = parameters.text("author") {
            self.conditions.push(match author.strip_prefix('-') {
                Some(excluded) => PushCondition::NotAuthor(excluded.to_owned()),
                None => PushCondition::Author(author.to_owned()),
            });
        }
        if let Some(part) = parameters.text("author_contains") {
            self.conditions.push(PushCondition::AuthorContains(part.to_owned()));
        }
        if parameters.last("hide_reviewbot_pushes") == Some("true") {
            self.conditions.push(PushCondition::NotAuthor("reviewbot".to_owned()));
        }
    }
}

fn named_day(name: &str, text: &str) -> Result<NaiveDate, Refused> {
    let wrong = || Refused::invalid(&format!("Invalid {name}: {text} is not of the form YYYY-MM-DD"));
    day(text.trim()).ok_or_else(wrong)
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}
