//! The HTTP client of an SDK, without a network: a request goes the way of every call of a function.

use std::{fmt, sync::Arc};

use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};

use super::{
    answers::{Answer, Asked, What, response},
    refusals::{not_served, of_way},
};
use crate::{
    api::Api,
    caller::{Caller, Made, Missed},
    truth::Rule,
};

/// The HTTP client of a function.
pub(super) fn client(caller: Arc<Caller>) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(caller));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Clone)]
struct Connector(Arc<Caller>);

impl Connector {
    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let asked = Asked::read(&request);
        let asked = asked.ok_or_else(|| ConnectorError::user("no request of RDS's".into()))?;
        let operation = asked.operation.clone();
        let answer = match self.answer(asked).await {
            Ok(answer) => answer,
            Err(Missed::Refused(way)) => Err(of_way(way, &operation)),
            Err(Missed::Silent) => return Err(ConnectorError::timeout("no answer".into())),
        };
        response(&operation, &answer).map_err(|why| ConnectorError::io(why.into()))
    }

    async fn answer(&self, asked: Asked) -> Result<Answer, Missed> {
        let Asked {
            region,
            operation,
            what,
        } = asked;
        let named = format!("RDS {operation} in {region}");
        let at = (Api::Rds, &region);
        match what {
            What::Reads(read) => {
                let show =
                    |made: Made<'_>| read.shown(made.state.rds_of(made.now, made.age), &region);
                self.0.read(at, &named, show).await
            }
            What::Changes(change) => {
                let to = region.clone();
                let make = move |made: Made<'_>| change.made(made, (&operation, &to));
                self.0.ask(at, &named, make).await
            }
            What::NotServed(left) => {
                let said = format!("{named} is not served here, or not with: {left}");
                let mut state = self.0.shared.state();
                state.truth.violated(Rule::CallIsServed, said);
                Ok(Err(not_served(&operation)))
            }
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().exchange(request))
    }
}
