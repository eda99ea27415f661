//! A city that gives tasks to its counties, and counties that work on them.

use std::rc::Rc;

use liandong_wire::task::v1::{
    Action, AssignTasksRequest, Author, Bound, ImportPlanRequest, IssuePlanRequest,
    ListTasksRequest, Part, PlanItem, PlanText, Stage, StepTaskRequest, Target, bound,
};

use super::round;
use crate::dice::Dice;
use crate::ledger::Step;
use crate::line::{Line, Said, ask};
use crate::places::{DONOR, DROPOUTS, Place};
use crate::shared::Shared;
use crate::trace;

/// The plan that the tasks are of.
const PLAN: &str = "sim-plan";

/// Rounds that are made after everything works again.
const LAST_ROUNDS: u32 = 3;

/// Somebody who works on tasks.
struct Desk<'a> {
    shared: &'a Shared,
    place: &'static Place,
    line: Line,
    dice: Dice,
    acts: u32,
}

/// The city: imports a plan, issues it, gives its items to the counties, accepts what is done.
pub(super) async fn give(shared: &Shared, place: &'static Place, dice: Dice) {
    let mut desk = Desk::new(shared, place, dice);
    let mut last_rounds = LAST_ROUNDS;
    while last_rounds > 0 {
        last_rounds -= round(shared, &mut desk.dice).await;
        desk.import().await;
        desk.issue().await;
        let item = if desk.dice.percent(50) { "1" } else { "2" };
        desk.assign(item).await;
        desk.step_all(&[(Stage::Completed, Action::Accept)]).await;
    }
}

/// A county: acknowledges and completes the tasks it is given.
pub(super) async fn steps(shared: Rc<Shared>, place: &'static Place, dice: Dice) {
    if place.parent != DONOR {
        return;
    }
    let mut desk = Desk::new(&shared, place, dice);
    let mut last_rounds = LAST_ROUNDS;
    while last_rounds > 0 {
        last_rounds -= round(&shared, &mut desk.dice).await;
        let steps = [
            (Stage::Assigned, Action::Acknowledge),
            (Stage::Acknowledged, Action::Complete),
        ];
        desk.step_all(&steps).await;
    }
}

impl<'a> Desk<'a> {
    fn new(shared: &'a Shared, place: &'static Place, dice: Dice) -> Self {
        Self {
            shared,
            place,
            line: Line::new(place),
            dice,
            acts: 0,
        }
    }

    /// An author that nobody else is.
    fn author(&mut self) -> Author {
        self.acts += 1;
        Author {
            name: format!("{} act {}", self.place.code, self.acts),
            why: "sim".to_owned(),
        }
    }

    async fn import(&mut self) {
        let request = ImportPlanRequest {
            issuer: self.place.code.to_owned(),
            plan: Some(plan(self.place.code)),
            indicators: Vec::new(),
            author: Some(self.author()),
        };
        let said = ask(self.line.task().import_plan(request)).await;
        self.heed(said);
    }

    async fn issue(&mut self) {
        let request = IssuePlanRequest {
            issuer: self.place.code.to_owned(),
            plan: PLAN.to_owned(),
            author: Some(self.author()),
        };
        let said = ask(self.line.task().issue_plan(request)).await;
        self.heed(said);
    }

    async fn assign(&mut self, item: &str) {
        let parts: Vec<Part> = self
            .place
            .children()
            .map(|county| Part {
                assignee: county.code.to_owned(),
                targets: Vec::new(),
                due: "2025-12-31".to_owned(),
            })
            .collect();
        let author = self.author();
        let request = AssignTasksRequest {
            issuer: self.place.code.to_owned(),
            plan_issuer: self.place.code.to_owned(),
            plan: PLAN.to_owned(),
            item: item.to_owned(),
            parts,
            author: Some(author.clone()),
        };
        let said = ask(self.line.task().assign_tasks(request)).await;
        if let Some(answer) = self.heed(said) {
            for task in answer.tasks {
                self.acknowledged(task, &author);
            }
        }
    }

    /// Takes the next step in every task that stands at one of these stages.
    async fn step_all(&mut self, steps: &[(Stage, Action)]) {
        let request = ListTasksRequest {
            assignee: String::new(),
            issuer: DONOR.to_owned(),
            plan: PLAN.to_owned(),
            stage: Stage::Unspecified.into(),
        };
        let said = ask(self.line.task().list_tasks(request)).await;
        let Some(listed) = self.heed(said) else {
            return;
        };
        for record in listed.tasks {
            let task = record.task.clone().unwrap_or_default();
            let mine = [task.assignee.as_str(), record.issuer.as_str()];
            let next = steps.iter().find(|(stage, _)| *stage == record.stage());
            let Some((_, action)) = next else { continue };
            if !mine.contains(&self.place.code) {
                continue;
            }
            let author = self.author();
            let request = StepTaskRequest {
                region: self.place.code.to_owned(),
                issuer: record.issuer,
                task: record.id.clone(),
                action: (*action).into(),
                author: Some(author.clone()),
            };
            let said = ask(self.line.task().step_task(request)).await;
            if self.heed(said).is_some() {
                self.acknowledged(record.id, &author);
            }
        }
    }

    fn acknowledged(&self, task: String, author: &Author) {
        self.shared.count("client-task-step");
        self.shared.ledger.borrow_mut().steps.push(Step {
            node: self.place.code,
            task,
            author: author.name.clone(),
            acknowledged_at: trace::now(),
        });
    }

    /// A refusal tells that another round has done it, or that it is not its turn.
    fn heed<T>(&mut self, said: Said<T>) -> Option<T> {
        match said {
            Said::Answer(answer) => Some(answer),
            Said::Refused(_) => None,
            Said::Nothing(_) => {
                self.line.renew();
                None
            }
        }
    }
}

fn plan(issuer: &str) -> PlanText {
    let item = |number: &str| PlanItem {
        number: number.to_owned(),
        name: "控辍保学".to_owned(),
        targets: vec![Target {
            indicator: DROPOUTS.to_owned(),
            due: "2025".to_owned(),
            bound: Some(Bound {
                bound: Some(bound::Bound::AtMost("10".to_owned())),
            }),
            text: "不超过10人".to_owned(),
        }],
        ..PlanItem::default()
    };
    PlanText {
        code: PLAN.to_owned(),
        title: "控辍保学方案".to_owned(),
        issuer: issuer.to_owned(),
        items: vec![item("1"), item("2")],
        ..PlanText::default()
    }
}
