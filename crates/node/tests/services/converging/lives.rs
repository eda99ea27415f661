//! Nodes that lost their data, or got an old copy of it back.

use liandong_wire::admin::v1::VerifyResult;
use liandong_wire::rollup::v1::{WatchRollupRequest, WatchRollupResponse};
use liandong_wire::task::v1::{
    AssignTasksRequest, GetTaskRequest, ImportPlanRequest, IssuePlanRequest, ListPlansRequest,
    Part, PlanItem, PlanText,
};
use tempfile::TempDir;

use super::{agree, compared, parent, status, times};
use crate::restarts::copy;
use crate::support::{Running, Setup, TREE, author, dropouts, start, start_in, until};

async fn knows(city: &Running, sum: (i64, u32)) {
    until("the city knows", async || {
        (city.sum("371500").await == sum).then_some(())
    })
    .await;
}

/// What a watch of a county's schools is told first, which began before or goes on after that.
async fn watched(county: &Running, after: Option<&WatchRollupResponse>) -> WatchRollupResponse {
    let asked = WatchRollupRequest {
        regions: vec!["371524-A".to_owned(), "371524-B".to_owned()],
        after_change: after.map_or(0, |seen| seen.change),
        incarnation: after.map_or(Vec::new(), |seen| seen.incarnation.clone()),
        ..WatchRollupRequest::default()
    };
    let watching = county.rollup().watch_rollup(asked).await.expect("a watch");
    let told = watching.into_inner().message().await;
    told.expect("no refusal").expect("a first answer")
}

/// Starts a node on empty data where another listened.
async fn start_anew(region: &str, address: std::net::SocketAddr, dir: TempDir) -> Running {
    let listen = address.to_string();
    let setup = Setup {
        listen: &listen,
        ..Setup::new(region, "", "")
    };
    setup.start_in(dir).await.expect("the node starts")
}

fn empty() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_county_that_is_restored_from_an_old_backup_again_and_again_stays_right() {
    let city = start("371500", "", "").await;
    let more = parent("371500", &city);
    let county = start("371524", TREE, &more).await;
    county
        .push("0", vec![dropouts("371524-A", 2), dropouts("371524-C", 1)])
        .await;
    knows(&city, (3, 3)).await;
    let mut dir = county.stop().await;
    let backup = empty();
    copy(
        &dir.path().join("data/journal"),
        &backup.path().join("journal"),
    );
    for time in 0..times() {
        // The lost time: more is told than the backup knows.
        let county = start_in(dir, "371524", TREE, &more).await;
        for figure in 10..15 {
            let id = format!("{time} lost {figure}");
            county.push(&id, vec![dropouts("371524-A", figure)]).await;
        }
        until("the lost time is told", async || {
            let (sum, _) = city.sum("371500").await;
            (sum >= 14).then_some(())
        })
        .await;
        drop(county.stop().await);

        dir = empty();
        copy(
            &backup.path().join("journal"),
            &dir.path().join("data/journal"),
        );
        let county = start_in(dir, "371524", TREE, &more).await;
        assert_eq!(county.sum("371524").await, (3, 3));
        knows(&city, (3, 3)).await;
        let id = format!("{time} after");
        let figure = 20 + i64::from(time);
        county.push(&id, vec![dropouts("371524-B", figure)]).await;
        knows(&city, (3 + figure, 3)).await;
        agree(&county).await;
        county.verify().await;
        city.verify().await;
        dir = county.stop().await;
    }
    let status = status(&city).await;
    // What the lost time had made of figures that the county still has is said by its city.
    let listed = &status.quarantined;
    let went_back = listed.iter().all(|one| one.reason == "WENT_BACK");
    assert!(went_back && !listed.is_empty(), "{listed:?}");
    let county = listed.iter().find(|one| one.owner == "371524");
    let county = county.map(|one| one.message.as_str()).unwrap_or_default();
    let now = "2 reported before, numerator 3, denominator 0, 2 reported now";
    assert!(county.contains(now), "{county}");
    assert_eq!(status.twins, []);
    println!(
        "counted: row 12: restored from an old backup {} times, 0 figures lost or doubled",
        times()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_county_that_lost_everything_rises_above_what_its_city_holds() {
    let city = start("371500", "", "").await;
    let more = parent("371500", &city);
    let county = start("371524", TREE, &more).await;
    for figure in 0..30 {
        let rows = vec![dropouts("371524-A", figure), dropouts("371524-C", 1)];
        county.push(&figure.to_string(), rows).await;
    }
    let mut april = dropouts("371524-B", 8);
    april.period = "2025-02".to_owned();
    county.push("february", vec![april.clone()]).await;
    knows(&city, (30, 3)).await;
    until("february, too", async || {
        (status(&city).await.sizes?.cells >= 6).then_some(())
    })
    .await;
    drop(county.stop().await);

    let county = start_in(empty(), "371524", TREE, &more).await;
    county.push("new", vec![dropouts("371524-A", 4)]).await;
    knows(&city, (4, 3)).await;
    // Of February the county has nothing: the city keeps its figures, and says so.
    let orphaned = until("the county's and the township's are listed", async || {
        let orphaned = status(&city).await.orphaned;
        (orphaned.len() == 2).then_some(orphaned)
    })
    .await;
    assert!(orphaned.iter().all(|one| one.id.contains("2025-02")));
    assert!(orphaned.iter().all(|one| one.peer == "371524"));
    // What one end holds alone is a difference for as long as it does.
    let parts = compared(&county).await;
    assert!(
        parts
            .iter()
            .all(|part| part.result() == VerifyResult::Differs)
    );
    // Once it is pushed again it is the county's own figure.
    april.numerator = 9;
    county.push("february again", vec![april]).await;
    until("nothing is orphaned", async || {
        status(&city).await.orphaned.is_empty().then_some(())
    })
    .await;
    county.push("newer", vec![dropouts("371524-A", 5)]).await;
    knows(&city, (5, 3)).await;
    agree(&county).await;
    city.verify().await;
    county.verify().await;
}

pub(crate) async fn hand_down(city: &Running) {
    let plan = PlanText {
        code: "plan-1".to_owned(),
        title: "控辍保学方案".to_owned(),
        issuer: "371500".to_owned(),
        items: vec![PlanItem {
            number: "1".to_owned(),
            name: "控辍保学".to_owned(),
            ..PlanItem::default()
        }],
        ..PlanText::default()
    };
    let import = ImportPlanRequest {
        issuer: "371500".to_owned(),
        plan: Some(plan),
        indicators: Vec::new(),
        author: author(),
    };
    city.task().import_plan(import).await.expect("a draft");
    let issue = IssuePlanRequest {
        issuer: "371500".to_owned(),
        plan: "plan-1".to_owned(),
        author: author(),
    };
    city.task().issue_plan(issue).await.expect("issued");
    let assign = AssignTasksRequest {
        issuer: "371500".to_owned(),
        plan_issuer: "371500".to_owned(),
        plan: "plan-1".to_owned(),
        item: "1".to_owned(),
        parts: vec![Part {
            assignee: "371524".to_owned(),
            ..Part::default()
        }],
        author: author(),
    };
    city.task().assign_tasks(assign).await.expect("assigned");
}

pub(crate) async fn has_task(node: &Running) -> bool {
    let request = GetTaskRequest {
        issuer: "371500".to_owned(),
        task: "plan-1/1/371524".to_owned(),
    };
    node.task().get_task(request).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_that_was_rebuilt_from_nothing_gets_its_own_plans_and_tasks_back() {
    let province = start("370000", "", "").await;
    let up = parent("370000", &province);
    let city = start("371500", "", &up).await;
    let address = city.node.address();
    let county = start("371524", TREE, &parent("371500", &city)).await;
    county
        .push("1", vec![dropouts("371524-A", 2), dropouts("371524-C", 1)])
        .await;
    knows(&city, (3, 3)).await;
    hand_down(&city).await;
    until("the county has its task", async || {
        has_task(&county).await.then_some(())
    })
    .await;
    until("the province knows", async || {
        (province.sum("370000").await == (3, 3)).then_some(())
    })
    .await;
    drop(city.stop().await);

    let listen = address.to_string();
    let setup = Setup {
        listen: &listen,
        ..Setup::new("371500", "", &up)
    };
    let city = setup.start_in(empty()).await.expect("the node starts");
    knows(&city, (3, 3)).await;
    until("the task is back", async || {
        has_task(&city).await.then_some(())
    })
    .await;
    let plans = city
        .task()
        .list_plans(ListPlansRequest::default())
        .await
        .expect("plans")
        .into_inner()
        .plans;
    assert!(plans.iter().any(|plan| plan.plan == "plan-1"), "{plans:?}");
    county.push("2", vec![dropouts("371524-B", 4)]).await;
    knows(&city, (7, 3)).await;
    until("the province follows", async || {
        (province.sum("370000").await == (7, 3)).then_some(())
    })
    .await;
    agree(&county).await;
    agree(&province).await;
    let province_status = status(&province).await;
    assert_eq!(province_status.orphaned, []);
    for node in [&province, &city, &county] {
        node.verify().await;
        assert_eq!(status(node).await.quarantined, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_that_was_copied_back_by_hand_is_noticed_and_told_again() {
    let city = start("371500", "", "").await;
    let more = parent("371500", &city);
    let county = start("371524", TREE, &more).await;
    let rows = vec![dropouts("371524-A", 2), dropouts("371524-B", 0)];
    county.push("1", rows).await;
    knows(&city, (2, 3)).await;
    let dir = county.stop().await;
    let copied = empty();
    copy(dir.path(), copied.path());
    let county = start_in(dir, "371524", TREE, &more).await;
    for figure in 10..20 {
        let id = figure.to_string();
        county.push(&id, vec![dropouts("371524-A", figure)]).await;
    }
    knows(&city, (19, 3)).await;
    let seen = watched(&county, None).await;
    let again = watched(&county, Some(&seen)).await;
    assert!(again.cells.is_empty(), "nothing has changed: {again:?}");
    drop(county.stop().await);

    // The same identity, and fewer changes than the city has taken.
    let county = start_in(copied, "371524", TREE, &more).await;
    knows(&city, (2, 3)).await;
    for figure in 30..45 {
        let id = figure.to_string();
        county.push(&id, vec![dropouts("371524-A", figure)]).await;
    }
    knows(&city, (44, 3)).await;
    // Its changes are counted anew: whoever watched before begins anew.
    let anew = watched(&county, Some(&seen)).await;
    assert!(anew.change > seen.change, "{anew:?} after {seen:?}");
    let cells = |answer: &WatchRollupResponse| answer.cells.len();
    assert_eq!(cells(&anew), cells(&seen));
    agree(&county).await;
    city.verify().await;
    county.verify().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_that_was_emptied_asks_its_county_once_and_comparisons_fit_ever_after() {
    let city = start("371500", "", "").await;
    let address = city.node.address();
    let county = start("371524", TREE, &parent("371500", &city)).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    knows(&city, (2, 3)).await;
    drop(city.stop().await);
    let city = start_anew("371500", address, empty()).await;
    knows(&city, (2, 3)).await;
    agree(&county).await;
    for node in [&city, &county] {
        let parts = compared(node).await;
        assert_eq!(parts[0].differing, 0, "{parts:?}");
    }
}
