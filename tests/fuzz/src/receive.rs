//! Changes of a peer, read at the fence, decided by the rules and folded into the state of a city
//! that holds figures of its own: whatever a peer says, nothing is lost, doubled or out of step.
//!
//! The first byte says what the peer is to the city, the rest is its stream.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::date;
use liandong_core::access::Relation;
use liandong_core::command::{Command, Incoming, Push};
use liandong_core::decide::{Setting, apply, decide};
use liandong_core::document::{Body, CellDocument, Document};
use liandong_core::event::Event;
use liandong_core::evidence::Proofs;
use liandong_core::indicator::IndicatorCode;
use liandong_core::region::{Level, Region, RegionCode, RegionKind};
use liandong_core::report::{Fingerprints, Report};
use liandong_core::rollup::Sums;
use liandong_core::state::State;
use liandong_store::Incarnation;
use liandong_store::record;
use liandong_wire::link;

use crate::frames;
use crate::sources::{catalogue, code, county};

const CITY: &str = "371500";

/// The city's state before anybody sends, with the frames that led to it.
pub(crate) fn history() -> (Vec<Vec<Event>>, State) {
    let mut regions = vec![Region {
        code: code(CITY),
        name: "聊城市".to_owned(),
        parent: Some(code("370000")),
        level: Level::Prefecture,
        kind: RegionKind::Bureau,
    }];
    // A county that the city hosts itself.
    for mut region in county() {
        let text = region.code.to_string().replace("371524", "371525");
        region.code = code(&text);
        region.parent = region.parent.map(|parent| {
            let text = parent.to_string().replace("371524", "371525");
            code(&text)
        });
        regions.push(region);
    }
    let mut state = State::default();
    let mut frames = Vec::new();
    let host = Command::Host {
        regions,
        configured: true,
    };
    let push = Command::PushReports(Push {
        id: "b1".to_owned(),
        by: "高唐县".to_owned(),
        rows: (1u32..)
            .zip(["371525-001", "371525-002"].map(report))
            .collect(),
        all_or_nothing: false,
        fingerprints: Fingerprints::default(),
    });
    for command in [host, push] {
        match step(&mut state, command) {
            Ok(events) => frames.push(events),
            Err(refusal) => panic!("{refusal}"),
        }
    }
    (frames, state)
}

fn report(source: &str) -> Report {
    Report {
        id: String::new(),
        source: code(source),
        indicator: indicator(),
        period: month(),
        numerator: 3,
        denominator: None,
        revision: 0,
        note: String::new(),
    }
}

fn indicator() -> IndicatorCode {
    match "compulsory-dropouts".parse() {
        Ok(code) => code,
        Err(error) => panic!("{error}"),
    }
}

fn month() -> liandong_core::period::Period {
    match "2025-03".parse() {
        Ok(period) => period,
        Err(error) => panic!("{error}"),
    }
}

/// Decides and folds one command as the commit loop does; the events as the journal holds them.
fn step(
    state: &mut State,
    command: Command,
) -> Result<Vec<Event>, liandong_core::refusal::Refusal> {
    let frame = state.frame() + 1;
    let setting = Setting {
        now: Timestamp::UNIX_EPOCH,
        today: date(2025, 4, 2),
        catalogue: catalogue(),
        grace_days: 10,
        here: code(CITY),
        frame,
    };
    let decision = decide(state, command, &setting)?;
    let mut events = Vec::new();
    apply(state, decision.events, frame, |event| events.push(event));
    Ok(events)
}

pub(crate) fn run(data: &[u8]) {
    static CITY_STATE: OnceLock<State> = OnceLock::new();
    let Some((who, stream)) = data.split_first() else {
        return;
    };
    let (from, relation) = match who % 3 {
        0 => ("371524", Relation::Child),
        1 => ("370000", Relation::Parent),
        _ => ("500243", Relation::Partner),
    };
    let before = CITY_STATE.get_or_init(|| history().1);
    let mut state = before.clone();
    let mut replayed = before.clone();
    frames::read(stream, |said| {
        let link::Incoming::Changes(changes) = said else {
            return;
        };
        let told = changes.documents.iter().zip(&changes.proofs);
        let proofs = told.filter_map(|(document, proof)| {
            let named = (document.key(), document.version);
            proof.clone().map(|proof| (named, proof))
        });
        let proofs: Proofs = proofs.collect();
        let command = Command::Receive(Incoming {
            from: code(from),
            relation,
            incarnation: 5,
            upto: changes.upto,
            documents: changes.documents,
            cells: changes.cells,
            unreadable: changes.unreadable,
            proofs,
        });
        let again = command.clone();
        let Ok(events) = step(&mut state, command) else {
            return;
        };
        // What a restart reads from the journal is the same state.
        let stored = record::encode(&events).map(|bytes| record::decode(&bytes));
        let Ok(Ok(stored)) = stored else {
            panic!("the journal does not take {events:?}");
        };
        assert!(stored == events, "the journal keeps something else");
        let frame = replayed.frame() + 1;
        for event in &stored {
            replayed.apply(event, frame);
        }
        // Said twice, it counts once.
        let mut twice = state.clone();
        if let Ok(events) = step(&mut twice, again) {
            assert!(cells_of(&events) == 0, "taken twice: {events:?}");
        }
    });
    let (_, mismatches) = state.recount();
    assert!(mismatches.is_empty(), "{mismatches:?}");
    assert!(bytes_of(&state) == bytes_of(&replayed), "a replay differs");
}

/// How many cells the events bring.
fn cells_of(events: &[Event]) -> usize {
    let mut count = 0;
    for event in events {
        if let Event::Received(received) = event {
            count += received.cells.len() + received.documents.len();
        }
    }
    count
}

fn bytes_of(state: &State) -> Vec<u8> {
    match record::encode_state(Incarnation([7; 16]), &state.snapshot()) {
        Ok(bytes) => bytes,
        Err(error) => panic!("{error}"),
    }
}

/// Documents of a county, one of each kind that a link carries in the field.
pub(crate) fn documents() -> Vec<Document> {
    let mut documents = Vec::new();
    for (version, region) in (1u64..).zip(county()) {
        documents.push(Document {
            owner: region.code,
            id: region.code.to_string(),
            version,
            body: Body::Region(region),
        });
    }
    let file = crate::sources::plan();
    let plan = liandong_core::plan::Plan {
        text: file.plan,
        status: liandong_core::plan::PlanStatus::Issued,
        steps: Vec::new(),
    };
    documents.push(Document {
        owner: code("371524"),
        id: "p1".to_owned(),
        version: 1,
        body: Body::Plan(plan),
    });
    documents
}

/// Cells of a county.
pub(crate) fn cells() -> Vec<CellDocument> {
    let mut cells = Vec::new();
    let regions: [RegionCode; 3] = ["371524", "371524-001", "371524-002"].map(code);
    for (version, region) in (1u64..).zip(regions) {
        for (place, text) in ["compulsory-dropouts", "left-behind-care-room"]
            .iter()
            .enumerate()
        {
            let Ok(indicator) = text.parse() else {
                panic!("{text} is no indicator");
            };
            cells.push(CellDocument {
                region,
                indicator,
                period: month(),
                sums: Sums {
                    numerator: 5 + place as i64,
                    denominator: 10 * place as i64,
                    reported: 2,
                    on_time: 1,
                },
                version,
            });
        }
    }
    cells
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let stream = frames::stream();
    let mut seeds = Vec::new();
    for who in 0u8..3 {
        let mut seed = vec![who];
        seed.extend_from_slice(&stream);
        seeds.push(seed);
    }
    seeds
}
