//! Figures that went back are on the city's list until somebody has seen to them.

use liandong_wire::link::v1::link_file_service_client::LinkFileServiceClient;
use liandong_wire::link::v1::{RetrySetAsideRequest, RetrySetAsideResponse};

use super::{Backed, agree, down, is_listed, push, up, went_back};
use crate::support::Running;

/// Tries again what the city has set aside; with `seen` somebody has seen to what went back.
async fn retry(city: &Running, seen: bool) -> RetrySetAsideResponse {
    let request = RetrySetAsideRequest {
        seen,
        ..RetrySetAsideRequest::default()
    };
    let mut client = LinkFileServiceClient::new(city.channel.clone());
    let retried = client.retry_set_aside(request).await;
    retried.expect("an answer").into_inner()
}

#[tokio::test]
async fn figures_that_went_back_stay_listed_until_somebody_says_they_were_seen_to() {
    let backed = Backed::start().await;
    let Backed { city, county, .. } = &backed;
    push(county, "lost", 3..9).await;
    up(county, city).await;
    let restored = backed.again().await;
    push(&restored, "after", 5..6).await;
    up(&restored, city).await;
    down(city, &restored).await;
    up(&restored, city).await;
    assert!(is_listed(city, 9, 6).await, "{:?}", went_back(city).await);
    let lines = went_back(city).await.len() as u64;
    let tried = retry(city, false).await;
    assert_eq!((tried.tried, tried.seen, tried.remaining), (0, 0, lines));
    assert_eq!(went_back(city).await.len() as u64, lines);
    let tried = retry(city, true).await;
    assert_eq!((tried.tried, tried.seen, tried.remaining), (0, lines, 0));
    assert_eq!(went_back(city).await, []);
    // Nor does another exchange bring them back.
    down(city, &restored).await;
    up(&restored, city).await;
    assert_eq!(went_back(city).await, []);
    agree(city, &restored, 6).await;
}
