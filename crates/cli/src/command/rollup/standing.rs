//! `rollup completeness` and `rollup rank`: how regions stand beside each other.

use liandong_client::wire::rollup::v1;

use super::{About, Subject};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Listing};
use crate::session::Session;

const COMPLETENESS: [Column; 8] = [
    Column::text("region", "区域", "region"),
    Column::text("name", "名称", "name"),
    Column::number("expected", "应报", "expected"),
    Column::number("reported", "已报", "reported"),
    Column::number("reported_basis_points", "报送率", "completeness"),
    Column::number("on_time", "及时", "on time"),
    Column::number("on_time_basis_points", "及时率", "timeliness"),
    Column::text("joined", "已接入", "joined"),
];

pub(super) async fn completeness(session: &Session, about: &About) -> Result<Verdict, Failure> {
    use v1::get_completeness_request::Subject as Asked;
    let subject = match about.subject(session).await? {
        Subject::Indicator(code) => Asked::Indicator(code),
        Subject::Plan(key) => Asked::Plan(key),
    };
    let request = v1::GetCompletenessRequest {
        region: about.region(session).await?,
        subject: Some(subject),
        period: about.period.to_string(),
    };
    let answer = session.client.rollup().get_completeness(request).await?;
    let mut listing = Listing::new(&COMPLETENESS);
    for row in answer.rows.into_iter().chain(answer.total) {
        listing.row(vec![
            Cell::Text(row.region),
            Cell::Text(row.name),
            Cell::Count(row.expected),
            Cell::Count(row.reported),
            Cell::Share(row.reported_basis_points),
            Cell::Count(row.on_time),
            Cell::Share(row.on_time_basis_points),
            Cell::Yes(Some(row.joined)),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}

const RANKS: [Column; 8] = [
    Column::number("place", "名次", "place"),
    Column::text("region", "区域", "region"),
    Column::text("name", "名称", "name"),
    Column::number("green", "绿", "green"),
    Column::number("yellow", "黄", "yellow"),
    Column::number("red", "红", "red"),
    Column::number("grey", "灰", "grey"),
    Column::number("completion_basis_points", "完成（报送）率", "completion"),
];

pub(super) async fn rank(session: &Session, about: &About) -> Result<Verdict, Failure> {
    use v1::rank_regions_request::Subject as Asked;
    let subject = match about.subject(session).await? {
        Subject::Indicator(code) => Asked::Indicator(code),
        Subject::Plan(key) => Asked::Plan(key),
    };
    let request = v1::RankRegionsRequest {
        region: about.region(session).await?,
        subject: Some(subject),
        period: about.period.to_string(),
    };
    let answer = session.client.rollup().rank_regions(request).await?;
    let mut listing = Listing::new(&RANKS);
    for row in answer.rows {
        listing.row(vec![
            Cell::Count(row.place.into()),
            Cell::Text(row.region),
            Cell::Text(row.name),
            Cell::Count(row.green.into()),
            Cell::Count(row.yellow.into()),
            Cell::Count(row.red.into()),
            Cell::Count(row.grey.into()),
            Cell::Share(Some(row.completion_basis_points)),
        ]);
    }
    session.output.listing(&listing)?;
    Ok(Verdict::Done)
}
