//! One vantage's view as a request handler of the DNS server.

use std::sync::Arc;

use async_trait::async_trait;
use hickory_proto::op::{Edns, Header, HeaderCounts, Metadata, OpCode, ResponseCode};
use hickory_server::{
    net::runtime::Time,
    server::{Request, RequestHandler, ResponseHandler, ResponseInfo},
    zone_handler::MessageResponseBuilder,
};
use tokio::sync::watch;

use super::{
    answer::{Answer, Records, answer},
    zone::Zone,
};
use crate::health_checks::States;

/// What one vantage sees: its own endpoints, and the private zone that all share.
pub(super) struct View {
    endpoints: watch::Receiver<Records>,
    zone: Arc<Zone>,
    states: watch::Receiver<States>,
}

impl View {
    pub(super) fn new(
        endpoints: watch::Receiver<Records>,
        zone: Arc<Zone>,
        states: watch::Receiver<States>,
    ) -> Self {
        Self {
            endpoints,
            zone,
            states,
        }
    }

    async fn answer(&self, request: &Request) -> Answer {
        let refused = |code| Answer {
            code,
            records: Vec::new(),
            soa: None,
        };
        if request.metadata.op_code != OpCode::Query {
            return refused(ResponseCode::NotImp);
        }
        let Ok(asked) = request.request_info() else {
            return refused(ResponseCode::FormErr);
        };
        let zone = self.zone.records().await;
        let endpoints = self.endpoints.borrow();
        let states = self.states.borrow();
        answer(
            asked.query.name(),
            asked.query.query_type(),
            &[&endpoints, &zone],
            &|id| states.of(id),
        )
    }
}

#[async_trait]
impl RequestHandler for View {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response_handle: R,
    ) -> ResponseInfo {
        let answer = self.answer(request).await;
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.authoritative = answer.code != ResponseCode::Refused;
        metadata.response_code = answer.code;
        let mut edns = Edns::new();
        edns.set_max_payload(request.max_payload());
        let mut response = MessageResponseBuilder::from_message_request(request);
        if request.edns.is_some() {
            response.edns(&edns);
        }
        let response = response.build(metadata, &answer.records, [], &answer.soa, []);
        match response_handle.send_response(response).await {
            Ok(info) => info,
            Err(error) => {
                tracing::debug!(%error, "a DNS answer could not be sent");
                metadata.response_code = ResponseCode::ServFail;
                ResponseInfo::from(Header {
                    metadata,
                    counts: HeaderCounts::default(),
                })
            }
        }
    }
}
