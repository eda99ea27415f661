//! Pairings: proposed, signed, ended, listed.

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use liandong_client::wire::collaboration::v1;
use liandong_client::wire::task::v1::{Action, Step};
use liandong_core::region::RegionCode;

use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing, Said, pairing_kind};
use crate::session::Session;
use crate::value;

/// The arguments of `aid pair`.
#[derive(Debug, Args)]
pub(crate) struct PairArguments {
    /// 对方 || The other side
    #[arg(value_name = "PARTNER", value_parser = value::region)]
    partner: RegionCode,
    /// 结对类别：东西部协作（跨省）、区县协同（省内）、对口帮扶（乡镇、学校） || What kind of pairing
    #[arg(long, value_name = "KIND")]
    kind: Kind,
    /// 约定内容 || What is agreed, in words
    #[arg(long, value_name = "TEXT")]
    terms: String,
    /// 起始日期 || The first day
    #[arg(long, value_name = "DATE", value_parser = value::date)]
    from: Date,
    /// 截止日期，不填为长期 || The last day; open-ended by default
    #[arg(long, value_name = "DATE", value_parser = value::date)]
    until: Option<Date>,
}

/// The kinds of pairing.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Kind {
    AcrossProvinces,
    WithinProvince,
    Counterpart,
}

/// Names the other side.
#[derive(Debug, Args)]
pub(crate) struct Partner {
    /// 对方 || The other side
    #[arg(value_name = "PARTNER", value_parser = value::region)]
    partner: RegionCode,
}

pub(super) async fn pair(session: &Session, arguments: &PairArguments) -> Result<Verdict, Failure> {
    let kind = match arguments.kind {
        Kind::AcrossProvinces => v1::PairingKind::AcrossProvinces,
        Kind::WithinProvince => v1::PairingKind::WithinProvince,
        Kind::Counterpart => v1::PairingKind::Counterpart,
    };
    let region = session.acting_region().await?;
    let partner = arguments.partner;
    let request = v1::ProposePairingRequest {
        region: region.clone(),
        partner: partner.to_string(),
        kind: kind.into(),
        terms: arguments.terms.clone(),
        from: arguments.from.to_string(),
        until: arguments
            .until
            .map(|until| until.to_string())
            .unwrap_or_default(),
        author: session.author(),
    };
    let answer = session
        .client
        .collaboration()
        .propose_pairing(request)
        .await?;
    let id = &answer.pairing;
    let said = Said::new(
        format!("{region} 已提出与 {partner} 结对并签署（{id}），待对方签署"),
        format!(
            "{region} proposed and signed the pairing with {partner} ({id}); the other side has to sign"
        ),
    );
    let said = said
        .fact("pairing", Cell::text(id))
        .fact("version", Cell::Count(answer.version));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

pub(super) async fn sign(session: &Session, name: &Partner) -> Result<Verdict, Failure> {
    let (region, partner) = (session.acting_region().await?, name.partner);
    let request = v1::SignPairingRequest {
        region: region.clone(),
        partner: partner.to_string(),
        author: session.author(),
    };
    let answer = session.client.collaboration().sign_pairing(request).await?;
    let said = Said::new(
        format!("{region} 已签署与 {partner} 的结对"),
        format!("{region} signed the pairing with {partner}"),
    );
    session
        .output
        .said(&said.fact("version", Cell::Count(answer.version)))?;
    Ok(Verdict::Done)
}

pub(super) async fn end(session: &Session, name: &Partner) -> Result<Verdict, Failure> {
    let (region, partner) = (session.acting_region().await?, name.partner);
    let request = v1::EndPairingRequest {
        region: region.clone(),
        partner: partner.to_string(),
        author: session.author(),
    };
    let answer = session.client.collaboration().end_pairing(request).await?;
    let said = Said::new(
        format!("{region} 已终止与 {partner} 的结对"),
        format!("{region} ended the pairing with {partner}"),
    );
    session
        .output
        .said(&said.fact("version", Cell::Count(answer.version)))?;
    Ok(Verdict::Done)
}

const SIDES: [Column; 10] = [
    Column::text("pairing", "结对", "pairing"),
    Column::text("in_force", "有效", "in force"),
    Column::text("region", "一方", "side"),
    Column::text("kind", "类别", "kind"),
    Column::text("terms", "约定", "terms"),
    Column::text("from", "起", "from"),
    Column::text("until", "止", "until"),
    Column::text("signed", "已签署", "signed"),
    Column::text("ended", "已终止", "ended"),
    Column::text("to_sign_again", "须重新签署", "to sign again"),
];

pub(super) async fn list(session: &Session) -> Result<Verdict, Failure> {
    let request = v1::ListPairingsRequest {
        region: session.region_or_any(),
    };
    let answer = session
        .client
        .collaboration()
        .list_pairings(request)
        .await?;
    let mut listing = Listing::new(&SIDES);
    for pairing in answer.pairings {
        let rounds: Vec<usize> = pairing.sides.iter().map(round).collect();
        let newest = rounds.iter().copied().max().unwrap_or(0);
        let sides = pairing.sides.iter();
        let mut sides = sides.filter_map(|owned| owned.side.as_ref());
        let both = sides.all(|side| side.signed && !side.ended);
        for (owned, round) in pairing.sides.into_iter().zip(rounds) {
            let side = owned.side.unwrap_or_default();
            listing.row(vec![
                Cell::text(&pairing.id),
                Cell::Yes(Some(pairing.in_force)),
                Cell::Text(owned.region),
                Cell::Word(pairing_kind(side.kind)),
                Cell::Text(side.terms),
                Cell::Text(side.from),
                Cell::Text(side.until),
                Cell::Yes(Some(side.signed)),
                Cell::Yes(Some(side.ended)),
                Cell::Yes(Some(both && round < newest)),
            ]);
        }
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}

/// How often a side has ended the pairing or taken note of an end: what it signed before counts no
/// more.
fn round(owned: &v1::OwnedPairingSide) -> usize {
    let steps = owned.side.iter().flat_map(|side| &side.steps);
    let is_end = |step: &&Step| matches!(step.action(), Action::End | Action::Acknowledge);
    steps.filter(is_end).count()
}
