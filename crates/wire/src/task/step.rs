//! Who did what, when and why, as it travels.

use liandong_core::refusal::Refusal;
use liandong_core::step::{Action, Author, Step};

use super::v1;
use crate::read::{self, enumeration};

enumeration!(
    Action,
    action,
    [
        Import,
        Consult,
        Comment,
        Issue,
        Assign,
        Acknowledge,
        Complete,
        Accept,
        Return,
        Close,
        Revoke,
        Propose,
        Sign,
        End,
        Record,
    ]
);

impl From<&Author> for v1::Author {
    fn from(author: &Author) -> Self {
        Self {
            name: author.name.clone(),
            why: author.why.clone(),
        }
    }
}

impl TryFrom<v1::Author> for Author {
    type Error = Refusal;

    fn try_from(author: v1::Author) -> Result<Self, Refusal> {
        let v1::Author { name, why } = author;
        Ok(Self { name, why })
    }
}

impl From<&Step> for v1::Step {
    fn from(step: &Step) -> Self {
        Self {
            action: v1::Action::from(step.action).into(),
            by: step.by.clone(),
            at: Some(read::timestamp(step.at)),
            why: step.why.clone(),
        }
    }
}

impl TryFrom<v1::Step> for Step {
    type Error = Refusal;

    fn try_from(step: v1::Step) -> Result<Self, Refusal> {
        let v1::Step {
            action: action_number,
            by,
            at,
            why,
        } = step;
        Ok(Self {
            action: action("action", action_number)?,
            by,
            at: read::moment("at", at)?,
            why,
        })
    }
}

/// A document's steps as they travel.
pub(crate) fn steps(steps: &[Step]) -> Vec<v1::Step> {
    steps.iter().map(v1::Step::from).collect()
}
