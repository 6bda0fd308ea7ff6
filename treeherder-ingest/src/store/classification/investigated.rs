//! Tests of a push that somebody has looked at (`spec/api.md` §3.18).

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Order, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait as _, EntityTrait as _, FromQueryResult,
    QueryFilter as _,
};

use crate::store::Store;
use crate::store::entity::{investigated_tests, job_type};
use crate::store::error::{StoreError, check_text};

/// A test that somebody has looked at.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct InvestigatedTest {
    /// Id of the row.
    pub id: i64,
    /// Name of the test.
    pub test: String,
    /// Name of the job's type.
    pub job_name: String,
    /// Symbol of the job's type.
    pub job_symbol: String,
}

/// What became of a test that was to be marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvestigateOutcome {
    /// It is marked.
    Marked(InvestigatedTest),
    /// It was marked already.
    Already,
    /// The repository has no such push.
    NoPush,
    /// There is no such type of jobs.
    NoJobType,
}

impl Store {
    /// Returns the marked tests of a push in the order of their ids; `None` when the repository has no such push.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn investigated_tests(
        &self,
        repository: &str,
        revision: &str,
    ) -> Result<Option<Vec<InvestigatedTest>>, StoreError> {
        let Some(push) = self.push_of_revision(repository, revision).await? else { return Ok(None) };
        self.select_investigated(Expr::col(("investigated_tests", "push_id")).eq(push.id)).await.map(Some)
    }

    /// Returns a marked test.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn investigated_test(&self, id: i64) -> Result<Option<InvestigatedTest>, StoreError> {
        let found = self.select_investigated(Expr::col(("investigated_tests", "id")).eq(id)).await?;
        Ok(found.into_iter().next())
    }

    /// Marks a test of a push.
    ///
    /// # Errors
    /// When the name is too long or the database fails.
    pub async fn mark_investigated(
        &self,
        repository: &str,
        revision: &str,
        test: &str,
        job_name: &str,
        job_symbol: &str,
    ) -> Result<InvestigateOutcome, StoreError> {
        check_text("investigated_tests", "test", 350, test)?;
        let Some(push) = self.push_of_revision(repository, revision).await? else {
            return Ok(InvestigateOutcome::NoPush);
        };
        let found = job_type::Entity::find()
            .filter(job_type::Column::Name.eq(job_name))
            .filter(job_type::Column::Symbol.eq(job_symbol))
            .one(self.connection())
            .await?;
        let Some(job_type) = found else { return Ok(InvestigateOutcome::NoJobType) };
        let row = investigated_tests::ActiveModel {
            job_type_id: Set(job_type.id),
            test: Set(test.to_owned()),
            push_id: Set(push.id),
            ..Default::default()
        };
        let inserted = investigated_tests::Entity::insert(row)
            .on_conflict(OnConflict::columns(["job_type_id", "test", "push_id"]).do_nothing().to_owned())
            .exec_without_returning(self.writer())
            .await?;
        if inserted == 0 {
            return Ok(InvestigateOutcome::Already);
        }
        let stored = investigated_tests::Entity::find()
            .filter(investigated_tests::Column::JobTypeId.eq(job_type.id))
            .filter(investigated_tests::Column::Test.eq(test))
            .filter(investigated_tests::Column::PushId.eq(push.id))
            .one(self.connection())
            .await?;
        let Some(stored) = stored else { return Ok(InvestigateOutcome::Already) };
        Ok(InvestigateOutcome::Marked(InvestigatedTest {
            id: stored.id,
            test: stored.test,
            job_name: job_type.name,
            job_symbol: job_type.symbol,
        }))
    }

    /// Takes a mark back; `false` when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unmark_investigated(&self, id: i64) -> Result<bool, StoreError> {
        let deleted = investigated_tests::Entity::delete_by_id(id).exec(self.writer()).await?;
        Ok(deleted.rows_affected > 0)
    }

    async fn select_investigated(&self, condition: Expr) -> Result<Vec<InvestigatedTest>, StoreError> {
        let mut select = Query::select();
        for (table, column, name) in [
            ("investigated_tests", "id", "id"),
            ("investigated_tests", "test", "test"),
            ("job_type", "name", "job_name"),
            ("job_type", "symbol", "job_symbol"),
        ] {
            select.expr_as(Expr::col((table, column)), name);
        }
        select
            .from("investigated_tests")
            .inner_join(
                "job_type",
                Expr::col(("job_type", "id")).equals(("investigated_tests", "job_type_id")),
            )
            .and_where(condition)
            .order_by(("investigated_tests", "id"), Order::Asc);
        let rows = self.connection().query_all(&select).await?;
        Ok(rows.iter().map(|row| InvestigatedTest::from_query_result(row, "")).collect::<Result<_, _>>()?)
    }
}
