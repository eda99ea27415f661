//! Frames: the one shape of what both sides say.

use liandong_core::proof::SignedStatement;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use super::{ReadChanges, Step, StreamReader, compare, v1};
use crate::read;
use crate::refusal::RemoteRefusal;
use crate::rollup::v1::Drill;
use crate::rollup::{DrillQuestion, ProveQuestion};

/// The version of the protocol that this program speaks.
pub const PROTOCOL: u32 = 1;

/// Who a peer is and what it holds of this node's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The region that the peer stands for.
    pub region: RegionCode,
    /// The peer's incarnation.
    pub incarnation: u128,
    /// The receiver's incarnation and its last change number that the peer holds; `None` when it
    /// holds nothing.
    pub after: Option<(u128, u64)>,
    /// The name of the region.
    pub name: String,
    /// What the peer's process was drawn as when it started; 0 when not said.
    pub process: u128,
    /// How the peer hashes what is compared; 0 when it does not compare.
    pub scheme: u32,
    /// Whether it reads changes that are packed.
    pub reads_packed: bool,
}

impl From<&Hello> for v1::Hello {
    fn from(hello: &Hello) -> Self {
        let (after_incarnation, after) = match hello.after {
            Some((incarnation, after)) => (read::incarnation_bytes(incarnation), after),
            None => (Vec::new(), 0),
        };
        Self {
            protocol: PROTOCOL,
            region: hello.region.to_string(),
            incarnation: read::incarnation_bytes(hello.incarnation),
            after,
            after_incarnation,
            name: hello.name.clone(),
            process: match hello.process {
                0 => Vec::new(),
                process => process.to_be_bytes().to_vec(),
            },
            scheme: hello.scheme,
            reads_packed: hello.reads_packed,
        }
    }
}

impl TryFrom<v1::Hello> for Hello {
    type Error = Refusal;

    fn try_from(hello: v1::Hello) -> Result<Self, Refusal> {
        let v1::Hello {
            protocol,
            region,
            incarnation,
            after,
            after_incarnation,
            name,
            process,
            scheme,
            reads_packed,
        } = hello;
        if protocol != PROTOCOL {
            let accepted = Accepted::OneOf(vec![PROTOCOL.to_string()]);
            return Err(Refusal::new(
                Reason::Malformed,
                "protocol",
                protocol,
                accepted,
            ));
        }
        let after = if after == 0 {
            None
        } else {
            let of = read::incarnation("after_incarnation", &after_incarnation)?;
            Some((of, after))
        };
        Ok(Self {
            region: read::region("region", &region)?,
            incarnation: read::incarnation("incarnation", &incarnation)?,
            after,
            name,
            process: if process.is_empty() {
                0
            } else {
                read::incarnation("process", &process)?
            },
            scheme,
            reads_packed,
        })
    }
}

/// What a node is asked over a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkQuestion {
    /// To take a cell apart.
    Drill(DrillQuestion),
    /// To say, signed, what a cell is made of.
    Prove(ProveQuestion),
}

/// What a node answers over a link.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkAnswer {
    /// The cell taken apart.
    Drill(Drill),
    /// What the region's node says of it.
    Statement(SignedStatement),
}

/// The field that is refused as missing by a node that does not know the question.
pub const UNKNOWN_QUERY: &str = "query";

/// One frame as it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// Who the peer is.
    Hello(Hello),
    /// What changed at the peer.
    Changes(ReadChanges),
    /// A piece of changes that are not complete with it.
    Piece,
    /// How many such pieces the peer has taken.
    PiecesTaken(u64),
    /// The last of this node's change numbers that the peer holds durably.
    Ack(u64),
    /// A question.
    Question {
        /// The answer has to carry it.
        id: u64,
        /// What is asked.
        question: LinkQuestion,
    },
    /// A question that this version does not know; to be answered with the refusal.
    Unanswerable {
        /// The answer has to carry it.
        id: u64,
        /// Why there is no answer.
        refusal: Refusal,
    },
    /// The answer to a question. Names and codes in it are as the peer wrote them.
    Answer {
        /// The id of the question.
        id: u64,
        /// What was asked for, or why there is none.
        answer: Result<LinkAnswer, RemoteRefusal>,
    },
    /// A step of a comparison.
    Comparison {
        /// Chosen by the side that begins.
        id: u64,
        /// The step.
        step: Step,
    },
    /// The peer asks whether this side is still there.
    Ping(u64),
    /// The peer is still there.
    Pong(u64),
    /// A frame that this version does not know; to be passed over.
    Unknown,
}

impl StreamReader {
    /// Reads one frame.
    ///
    /// # Errors
    /// A refusal when the peer does not keep to the protocol: the stream has to end.
    pub fn frame(&mut self, frame: Option<v1::Frame>) -> Result<Incoming, Refusal> {
        use v1::frame::Frame;
        let Some(v1::Frame { frame: Some(frame) }) = frame else {
            return Ok(Incoming::Unknown);
        };
        match frame {
            Frame::Hello(hello) => {
                let hello = Hello::try_from(hello);
                let hello = hello.map_err(|refusal| read::inside("hello", refusal))?;
                Ok(Incoming::Hello(hello))
            }
            Frame::Changes(changes) => self.changes(changes).map(Incoming::Changes),
            Frame::Packed(packed) => self.packed(packed).map(Incoming::Changes),
            Frame::Piece(piece) => Ok(match self.piece(piece)? {
                Some(changes) => Incoming::Changes(changes),
                None => Incoming::Piece,
            }),
            Frame::PiecesTaken(v1::PiecesTaken { count }) => Ok(Incoming::PiecesTaken(count)),
            Frame::Comparison(v1::Comparison { id, step }) => {
                let step = compare::read_step(step);
                let step = step.map_err(|refusal| read::inside("comparison", refusal))?;
                Ok(Incoming::Comparison { id, step })
            }
            Frame::Ping(v1::Ping { id }) => Ok(Incoming::Ping(id)),
            Frame::Pong(v1::Pong { id }) => Ok(Incoming::Pong(id)),
            Frame::Ack(v1::Ack { upto }) => Ok(Incoming::Ack(upto)),
            Frame::Query(query) => Ok(read_query(query)),
            Frame::Answer(v1::Answer { id, answer }) => {
                let answer = match answer {
                    Some(v1::answer::Answer::Drill(drill)) => Ok(LinkAnswer::Drill(drill)),
                    Some(v1::answer::Answer::Statement(said)) => {
                        let said = SignedStatement::try_from(said);
                        let said = said.map_err(|refusal| read::inside("answer", refusal))?;
                        Ok(LinkAnswer::Statement(said))
                    }
                    Some(v1::answer::Answer::Refusal(refusal)) => Err(refusal.into()),
                    None => return Ok(Incoming::Unknown),
                };
                Ok(Incoming::Answer { id, answer })
            }
        }
    }
}

/// A question that cannot be read is the business of the one who asks, not of the stream.
fn read_query(query: v1::Query) -> Incoming {
    let v1::Query { id, query } = query;
    let question = match query {
        Some(v1::query::Query::Drill(drill)) => {
            DrillQuestion::try_from(drill).map(LinkQuestion::Drill)
        }
        Some(v1::query::Query::Prove(prove)) => {
            ProveQuestion::try_from(prove).map(LinkQuestion::Prove)
        }
        None => Err(read::missing(UNKNOWN_QUERY)),
    };
    match question {
        Ok(question) => Incoming::Question { id, question },
        Err(refusal) => Incoming::Unanswerable { id, refusal },
    }
}

impl From<&LinkQuestion> for v1::query::Query {
    fn from(question: &LinkQuestion) -> Self {
        match question {
            LinkQuestion::Drill(drill) => Self::Drill(drill.into()),
            LinkQuestion::Prove(prove) => Self::Prove(prove.into()),
        }
    }
}

impl From<LinkAnswer> for v1::answer::Answer {
    fn from(answer: LinkAnswer) -> Self {
        match answer {
            LinkAnswer::Drill(drill) => Self::Drill(drill),
            LinkAnswer::Statement(statement) => Self::Statement(statement.into()),
        }
    }
}

impl From<&DrillQuestion> for v1::DrillQuery {
    fn from(question: &DrillQuestion) -> Self {
        Self {
            region: question.region.to_string(),
            indicator: question.indicator.to_string(),
            period: question.period.to_string(),
        }
    }
}

impl TryFrom<v1::DrillQuery> for DrillQuestion {
    type Error = Refusal;

    fn try_from(query: v1::DrillQuery) -> Result<Self, Refusal> {
        let v1::DrillQuery {
            region,
            indicator,
            period,
        } = query;
        Ok(Self {
            region: read::region("region", &region)?,
            indicator: read::indicator("indicator", &indicator)?,
            period: read::period("period", &period)?,
            // The question has reached the region's own node; it is never asked on.
            live: false,
        })
    }
}

impl From<v1::frame::Frame> for v1::ExchangeRequest {
    fn from(frame: v1::frame::Frame) -> Self {
        let frame = v1::Frame { frame: Some(frame) };
        Self { frame: Some(frame) }
    }
}

impl From<v1::frame::Frame> for v1::ExchangeResponse {
    fn from(frame: v1::frame::Frame) -> Self {
        let frame = v1::Frame { frame: Some(frame) };
        Self { frame: Some(frame) }
    }
}
