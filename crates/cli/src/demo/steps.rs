//! The steps of the demonstration: each is timed, and shown while it runs on a terminal.

use std::future::Future;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use liandong_core::language::Language;
use serde::Serialize;
use tokio::time::sleep;

use super::error::{Awaited, DemoError};

/// How long something may take to travel through the mesh before the demonstration gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Step {
    Start,
    Consult,
    Issue,
    Decompose,
    Work,
    GoOffline,
    Push,
    Correct,
    ComeBack,
    Freshness,
    Aid,
    Read,
    Recount,
}

impl Step {
    /// Its name for people.
    pub(super) fn title(self, language: Language) -> &'static str {
        let (zh, en) = match self {
            Self::Start => ("启动 12 个节点并互联", "Start 12 nodes and link them"),
            Self::Consult => ("导入方案，征求意见", "Import the plan, consult on it"),
            Self::Issue => ("印发方案", "Issue the plans"),
            Self::Decompose => ("分解 41 个重点项目", "Decompose the 41 key projects"),
            Self::Work => (
                "签收、办结、验收、退回",
                "Acknowledge, complete, accept, return",
            ),
            Self::GoOffline => ("一个县断线", "One county goes offline"),
            Self::Push => ("填报一学年样例数据", "Push a school year of sample figures"),
            Self::Correct => ("更正约 2% 的数据", "Correct about 2 % of them"),
            Self::ComeBack => ("断线县恢复并补报", "The county comes back and catches up"),
            Self::Freshness => ("测量县到省的时延", "Measure freshness, county to province"),
            Self::Aid => ("聊城—彭水援助项目", "Aid project, Liaocheng and Pengshui"),
            Self::Read => (
                "读取汇总、排名、报送率",
                "Read roll-up, ranking, completeness",
            ),
            Self::Recount => ("每个节点重新计算核对", "Recount on every node"),
        };
        language.pick(zh, en)
    }
}

/// How long a step took.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct StepTime {
    pub(super) step: Step,
    pub(super) ms: u64,
}

/// The steps taken so far.
#[derive(Debug)]
pub(super) struct Steps {
    language: Language,
    bar: ProgressBar,
    taken: Vec<StepTime>,
}

impl Steps {
    /// None yet. The bar hides itself where standard error is no terminal.
    pub(super) fn new(language: Language) -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self {
            language,
            bar,
            taken: Vec::new(),
        }
    }

    /// Takes a step.
    pub(super) async fn take<T>(
        &mut self,
        step: Step,
        work: impl Future<Output = Result<T, DemoError>>,
    ) -> Result<T, DemoError> {
        let title = step.title(self.language);
        self.bar.set_message(title);
        let started = Instant::now();
        let result = work.await?;
        let ms = millis(started.elapsed());
        self.bar.println(format!("{ms:>7} ms  {title}"));
        self.taken.push(StepTime { step, ms });
        Ok(result)
    }

    /// Ends the display; what every step took.
    pub(super) fn finish(self) -> Vec<StepTime> {
        self.bar.finish_and_clear();
        self.taken
    }
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Asks again and again until the answer is yes.
pub(super) async fn until<F, A>(awaited: Awaited, mut ask: F) -> Result<(), DemoError>
where
    F: FnMut() -> A,
    A: Future<Output = Result<bool, DemoError>>,
{
    let deadline = Instant::now() + PATIENCE;
    while !ask().await? {
        if Instant::now() > deadline {
            return Err(DemoError::Waited(awaited));
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}
