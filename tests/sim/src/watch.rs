//! Watching: samples during the storm, and after healing every invariant again and again until all
//! hold, or the time is over.

mod aid;
mod figures;
mod gone;
mod healing;
mod settled;
mod tasks;
mod watermarks;

use std::rc::Rc;
use std::time::Duration;

use liandong_wire::admin::v1::{GetStatusRequest, GetStatusResponse};
use tonic::{Response, Status};

use crate::line::{Line, Said, ask};
use crate::places::PLACES;
use crate::shared::{Shared, Verdict};
use crate::trace;

/// How long after healing everything may take.
const CONVERGENCE: Duration = Duration::from_secs(60);

/// How often it is looked during the storm.
const SAMPLE: Duration = Duration::from_millis(1_500);

/// How often it is looked afterwards.
const LOOK: Duration = Duration::from_millis(500);

/// A line to every node.
struct Watch {
    shared: Rc<Shared>,
    lines: Vec<Line>,
    watermarks: watermarks::Watermarks,
    told: gone::Told,
}

/// Watches until there is a verdict.
pub(crate) async fn run(shared: Rc<Shared>) -> turmoil::Result {
    let mut watch = Watch {
        lines: PLACES.iter().map(Line::new).collect(),
        watermarks: watermarks::Watermarks::default(),
        told: gone::Told::default(),
        shared,
    };
    let healed = loop {
        watch.sample().await;
        if let Some(healed) = watch.shared.healed_at.get() {
            break healed;
        }
        tokio::time::sleep(SAMPLE).await;
    };
    loop {
        tokio::time::sleep(LOOK).await;
        let broken = watch.look().await;
        let converged = trace::now().saturating_sub(healed);
        if broken.is_empty() || converged > CONVERGENCE {
            trace::say(&format!("verdict after {converged:?}: {broken:?}"));
            let verdict = Verdict { broken, converged };
            watch.shared.verdict.replace(Some(verdict));
            return Ok(());
        }
    }
}

impl Watch {
    /// The status of every node that answers.
    async fn sample(&mut self) -> Vec<Option<GetStatusResponse>> {
        self.told.ask(&self.shared);
        let asked = self.lines.iter().map(|line| {
            let mut client = line.admin();
            async move { client.get_status(GetStatusRequest {}).await }
        });
        let answers = all(asked.collect()).await;
        let mut statuses = Vec::new();
        for (place, said) in answers.into_iter().enumerate() {
            let Said::Answer(status) = said else {
                if let Some(line) = self.lines.get_mut(place) {
                    line.renew();
                }
                statuses.push(None);
                continue;
            };
            self.watermarks.look(&self.shared, &status);
            healing::look(&self.shared, &status);
            self.told.look(&self.shared, &status);
            statuses.push(Some(status));
        }
        statuses
    }

    /// What does not hold now; the cheap questions first.
    async fn look(&mut self) -> Vec<String> {
        let working = self.shared.working.get();
        let statuses = self.sample().await;
        if working > 0 {
            return vec![format!("answer: {working} clients wait for answers")];
        }
        let unsettled = settled::look(&self.shared, &statuses);
        if !unsettled.is_empty() {
            return unsettled;
        }
        let (mut broken, counts) =
            figures::look(&self.shared, &self.lines, &gone::lost(&statuses)).await;
        broken.extend(self.told.unlisted(&self.shared, &statuses, &counts));
        broken.extend(tasks::look(&self.shared, &self.lines).await);
        broken.extend(aid::look(&self.shared, &self.lines).await);
        broken
    }
}

/// Asks many things at once; the answers in the order of the questions.
async fn all<T, F>(requests: Vec<F>) -> Vec<Said<T>>
where
    T: 'static,
    F: Future<Output = Result<Response<T>, Status>> + 'static,
{
    let running: Vec<_> = requests
        .into_iter()
        .map(|request| tokio::task::spawn_local(ask(request)))
        .collect();
    let mut answers = Vec::new();
    for one in running {
        let said = one.await;
        answers.push(said.unwrap_or_else(|error| Said::Nothing(error.to_string())));
    }
    answers
}
