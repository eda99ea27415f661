//! How far the measurement is: on a terminal, on the standard error; nothing in a pipe.

use std::future::Future;
use std::time::Duration;

use indicatif::ProgressBar;
use liandong_core::language::Language;
use liandong_load::Meter;

use super::error::BenchError;
use crate::progress;

/// How often a count is shown anew.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Disk,
    Start,
    Look,
    Full,
    Paced,
    Query,
    Fresh,
    Restart,
    Mesh,
    TwoHops,
}

impl Step {
    fn title(self, language: Language) -> &'static str {
        let (zh, en) = match self {
            Self::Disk => ("测量磁盘 fdatasync", "the disk's fdatasync"),
            Self::Start => ("启动一个县节点", "start a county's node"),
            Self::Look => ("查看节点", "look at the node"),
            Self::Full => ("满载填报", "reports at full load"),
            Self::Paced => ("以一半速度填报", "reports at half of that"),
            Self::Query => ("查询汇总", "read roll-ups"),
            Self::Fresh => ("单条填报到可见", "a single report until it is seen"),
            Self::Restart => ("kill -9 后重启", "restart after kill -9"),
            Self::Mesh => ("启动县、市、省节点", "start county, city, province"),
            Self::TwoHops => ("单条填报县到省", "a single report, county to province"),
        };
        language.pick(zh, en)
    }
}

/// The steps, as they are taken.
pub(super) struct Steps {
    language: Language,
    bar: ProgressBar,
}

impl Steps {
    /// None yet.
    pub(super) fn new(language: Language) -> Self {
        Self {
            language,
            bar: progress::spinner(),
        }
    }

    /// Takes a step.
    pub(super) async fn take<T>(
        &mut self,
        step: Step,
        work: impl Future<Output = Result<T, BenchError>>,
    ) -> Result<T, BenchError> {
        self.bar.set_message(step.title(self.language));
        let done = work.await;
        if done.is_err() {
            self.bar.finish_and_clear();
        }
        done
    }

    /// Takes a step in which reports are counted.
    pub(super) async fn take_counted<T>(
        &mut self,
        step: Step,
        meter: &Meter,
        total: usize,
        work: impl Future<Output = Result<T, BenchError>>,
    ) -> Result<T, BenchError> {
        let title = step.title(self.language);
        let bar = self.bar.clone();
        let showing = async {
            let mut shown = tokio::time::interval(SHOWN_EVERY);
            loop {
                shown.tick().await;
                bar.set_message(format!("{title} {} / {total}", meter.reports()));
            }
        };
        let counted = async {
            tokio::select! {
                done = work => done,
                () = showing => Err(BenchError::Interrupted),
            }
        };
        self.take(step, counted).await
    }

    /// Ends the display.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
