//! Paired measurements: contenders take turns in every round, so that what else the machine does hits all of them.

use std::{hint::black_box, time::Duration};

use anyhow::{Result, ensure};
use cpu_time::ThreadTime;

/// Fewer rounds say too little on a shared machine.
pub const ROUNDS: usize = 7;

/// What one run of a contender took, and what it found.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Time of the contender's own work.
    pub spent: Duration,
    /// How much it found: must be the same in every round.
    pub found: u64,
}

/// Times work of this thread by the CPU time it takes.
pub fn on_this_thread(work: impl FnOnce() -> u64) -> Sample {
    let start = ThreadTime::now();
    let found = black_box(work());
    Sample { spent: start.elapsed(), found }
}

/// One of those that are compared.
pub struct Contender<'a> {
    name: String,
    run: Box<dyn FnMut() -> Result<Sample> + 'a>,
}

impl std::fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Contender<'a> {
    /// Makes a contender that takes its own time.
    pub fn new(name: impl Into<String>, run: impl FnMut() -> Result<Sample> + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }

    /// Makes a contender that works on this thread.
    pub fn on_this_thread(name: impl Into<String>, mut work: impl FnMut() -> u64 + 'a) -> Self {
        Self::new(name, move || Ok(on_this_thread(&mut work)))
    }
}

/// All rounds of one contender.
#[derive(Clone, Debug)]
pub struct Series {
    /// The contender.
    pub name: String,
    /// Seconds, one for each round.
    pub seconds: Vec<f64>,
    /// What it found in each round.
    pub found: u64,
}

impl Series {
    /// Returns the median in seconds.
    #[must_use]
    pub fn median(&self) -> f64 {
        median(self.seconds.clone())
    }

    /// Returns the speed in MB/s (10^6 bytes) for this many bytes.
    #[must_use]
    pub fn megabytes_per_second(&self, bytes: usize) -> f64 {
        bytes as f64 / self.median() / 1e6
    }

    /// Returns how many times as fast as `baseline` this one is: the median over the rounds.
    #[must_use]
    pub fn speed_relative_to(&self, baseline: &Self) -> f64 {
        median(baseline.seconds.iter().zip(&self.seconds).map(|(theirs, own)| theirs / own).collect())
    }
}

/// Lets the contenders take turns, after one untimed round; every second round goes backwards.
///
/// # Errors
/// When a contender fails, or finds something else than before.
pub fn compare(rounds: usize, contenders: Vec<Contender<'_>>) -> Result<Vec<Series>> {
    let mut contenders = contenders;
    let mut all = Vec::new();
    for contender in &mut contenders {
        let found = (contender.run)()?.found;
        all.push(Series { name: contender.name.clone(), seconds: Vec::new(), found });
    }
    for round in 0..rounds {
        for turn in 0..contenders.len() {
            let number = if round % 2 == 0 { turn } else { contenders.len() - 1 - turn };
            let sample = (contenders[number].run)()?;
            let series = &mut all[number];
            ensure!(
                sample.found == series.found,
                "{} found {} and then {}",
                series.name,
                series.found,
                sample.found
            );
            series.seconds.push(sample.spent.as_secs_f64());
        }
    }
    Ok(all)
}

/// Returns the median; of an even number of values the lower one of the middle.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contenders_take_turns_and_must_find_the_same_every_time() {
        let order = std::cell::RefCell::new(String::new());
        let contender = |name: &'static str| {
            let order = &order;
            Contender::on_this_thread(name, move || {
                order.borrow_mut().push_str(name);
                1
            })
        };
        let series = compare(2, vec![contender("a"), contender("b")]).unwrap();
        assert_eq!(*order.borrow(), "ababba");
        assert_eq!(series[1].seconds.len(), 2);
        let mut calls = 0;
        let unsteady = Contender::on_this_thread("unsteady", || {
            calls += 1;
            calls
        });
        assert!(compare(1, vec![unsteady]).is_err());
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let series = |seconds: [f64; 3]| Series { name: String::new(), seconds: seconds.into(), found: 0 };
        // The second round was disturbed for both.
        let ratio = series([1.0, 10.0, 1.0]).speed_relative_to(&series([2.0, 20.0, 2.0]));
        assert!((ratio - 2.0).abs() < 1e-9);
        assert!((series([3.0, 1.0, 2.0]).median() - 2.0).abs() < 1e-9);
    }
}
