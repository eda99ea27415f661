//! Peers that are played by a test, so that they can do what no node does.

use std::pin::Pin;
use std::time::Duration;

use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::link_service_client::LinkServiceClient;
use liandong_wire::link::v1::link_service_server::{LinkService, LinkServiceServer};
use liandong_wire::link::v1::{Changes, ExchangeRequest, ExchangeResponse, Hello};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status, Streaming};

const PATIENCE: Duration = Duration::from_secs(20);

type Heard = Pin<Box<dyn Stream<Item = Result<Option<Said>, Status>> + Send>>;

/// One open stream with a node.
pub(crate) struct Line {
    to_node: mpsc::Sender<Said>,
    from_node: Heard,
}

impl Line {
    pub(crate) async fn say(&self, said: Said) {
        // A node that has ended the stream is noticed when it is heard.
        let _ = self.to_node.send(said).await;
    }

    /// What the node says next; `None` when it has ended the stream, in whatever way.
    pub(crate) async fn hear(&mut self) -> Option<Said> {
        let heard = timeout(PATIENCE, self.from_node.next()).await;
        match heard.expect("the node says something") {
            Some(Ok(said)) => Some(said.expect("a frame with content")),
            Some(Err(_)) | None => None,
        }
    }

    /// The node's hello.
    pub(crate) async fn hear_hello(&mut self) -> Hello {
        match self.hear().await {
            Some(Said::Hello(hello)) => hello,
            other => panic!("{other:?}"),
        }
    }

    /// What changed at the node; other frames are passed over.
    pub(crate) async fn hear_changes(&mut self) -> Option<Changes> {
        loop {
            if let Said::Changes(changes) = self.hear().await? {
                return Some(changes);
            }
        }
    }

    /// Whether the node says nothing for a while.
    pub(crate) async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_millis(500), self.from_node.next())
            .await
            .is_err()
    }
}

/// The hello of a peer that holds nothing.
pub(crate) fn hello(region: &str) -> Said {
    Said::Hello(Hello {
        protocol: 1,
        region: region.to_owned(),
        incarnation: vec![7; 16],
        after: 0,
        after_incarnation: Vec::new(),
        name: String::new(),
        ..Hello::default()
    })
}

/// Opens a stream to a node and says something first.
pub(crate) async fn dial(channel: &Channel, first: Option<Said>) -> Result<Line, Status> {
    let (to_node, said) = mpsc::channel(16);
    if let Some(first) = first {
        to_node.send(first).await.expect("there is room");
    }
    let requests = ReceiverStream::new(said).map(ExchangeRequest::from);
    let mut client = LinkServiceClient::new(channel.clone());
    let responses = client.exchange(Request::new(requests)).await?.into_inner();
    let heard = responses
        .map(|response| response.map(|response| response.frame.and_then(|frame| frame.frame)));
    Ok(Line {
        to_node,
        from_node: Box::pin(heard),
    })
}

/// A peer that nodes dial; each stream they open is handed to the test.
pub(crate) struct Played {
    /// Where it is dialled.
    pub(crate) address: String,
    /// The streams, as they are opened.
    pub(crate) lines: mpsc::UnboundedReceiver<Line>,
}

impl Played {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (opened, lines) = mpsc::unbounded_channel();
        let service = LinkServiceServer::new(Doorman { opened });
        let serving = Server::builder().add_service(service);
        tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
        Self { address, lines }
    }

    /// The next stream that a node opens.
    pub(crate) async fn line(&mut self) -> Line {
        let line = timeout(PATIENCE, self.lines.recv()).await;
        line.expect("the node dials").expect("the port is open")
    }
}

struct Doorman {
    opened: mpsc::UnboundedSender<Line>,
}

#[tonic::async_trait]
impl LinkService for Doorman {
    type ExchangeStream = Pin<Box<dyn Stream<Item = Result<ExchangeResponse, Status>> + Send>>;

    async fn exchange(
        &self,
        request: Request<Streaming<ExchangeRequest>>,
    ) -> Result<Response<Self::ExchangeStream>, Status> {
        let (to_node, said) = mpsc::channel(16);
        let heard = request
            .into_inner()
            .map(|request| request.map(|request| request.frame.and_then(|frame| frame.frame)));
        let line = Line {
            to_node,
            from_node: Box::pin(heard),
        };
        self.opened
            .send(line)
            .map_err(|_| Status::unavailable("the test is over"))?;
        let responses = ReceiverStream::new(said).map(|said| Ok(ExchangeResponse::from(said)));
        Ok(Response::new(Box::pin(responses)))
    }
}
