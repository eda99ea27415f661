//! What goes over a link is counted at both ends.

use liandong_wire::link::v1::Changes;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::{encoded_len, pack, pieces};

use crate::peers::{dial, hello};
use crate::support::{TREE, dropouts, start, until};

#[tokio::test]
async fn what_one_end_sent_the_other_has_received() {
    let city = start("371500", "", "").await;
    let more = format!(
        "[parent]\nregion = '371500'\naddress = 'http://{}'\n",
        city.node.address()
    );
    let county = start("371524", TREE, &more).await;
    for number in 1..=3 {
        let rows = vec![dropouts("371524-A", number)];
        county.push(&number.to_string(), rows).await;
    }
    until("both have counted the same", async || {
        let (below, above) = (county.links().await, city.links().await);
        let (below, above) = (&below[0], &above[0]);
        let up = above.received_upto > 0
            && above.received_batches == below.sent_batches
            && above.received_bytes == below.sent_bytes;
        let down = below.received_batches == above.sent_batches
            && below.received_bytes == above.sent_bytes;
        let all_told = below.lag == 0 && below.sent_batches > 0 && below.sent_bytes > 100;
        (up && down && all_told).then_some(())
    })
    .await;
    assert_eq!(city.sum("371500").await, (3, 3));
}

#[tokio::test]
async fn a_batch_counts_when_it_is_whole_and_its_bytes_as_they_come() {
    let city = start("371500", "", "").await;
    let mut line = dial(&city.channel, Some(hello("371524")))
        .await
        .expect("admitted");
    line.hear_hello().await;
    let upto = |upto| Changes {
        upto,
        ..Changes::default()
    };
    let counted = async |bytes: usize, batches: u64| {
        until("it is counted", async || {
            let link = city.links().await.remove(0);
            let seen = (link.received_bytes, link.received_batches);
            (seen == (bytes as u64, batches)).then_some(())
        })
        .await;
    };
    counted(0, 0).await;
    let plain = upto(1);
    let mut bytes = encoded_len(&plain);
    line.say(Said::Changes(plain)).await;
    counted(bytes, 1).await;
    let packed = pack(&upto(2));
    bytes += packed.content.len();
    line.say(Said::Packed(packed)).await;
    counted(bytes, 2).await;
    let mut parts = pieces(&pack(&upto(3)), 1);
    let last = parts.pop().expect("a last piece");
    for part in parts {
        bytes += part.content.len();
        line.say(Said::Piece(part)).await;
    }
    counted(bytes, 2).await;
    bytes += last.content.len();
    line.say(Said::Piece(last)).await;
    counted(bytes, 3).await;
}
