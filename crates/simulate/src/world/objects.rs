//! S3 of each Region, with one object that leads an application's name.

use failover::{
    Error,
    domain::Region,
    ports::{Object, Objects},
};

use super::{Invocation, Made};
use crate::{api::Api, truth::Rule};

impl Objects for Invocation {
    async fn object(&self, region: &Region, _: &str, _: &str) -> Result<Option<Object>, Error> {
        self.call((Api::Objects, region), "S3 GetObject", |made: Made<'_>| {
            Ok(made.state.switch.object(region).cloned())
        })
        .await
    }

    async fn put_object(
        &self,
        region: &Region,
        _: (&str, &str),
        text: &str,
        read: Option<&Object>,
    ) -> Result<bool, Error> {
        let (of, text, read) = (region.clone(), text.to_owned(), read.cloned());
        let put = move |made: Made<'_>| {
            let (now, state) = (made.now, made.state);
            let before = state.switch.epoch(&of);
            let written = state.switch.put(now, &of, &text, read.as_ref());
            let after = state.switch.epoch(&of);
            if after < before {
                let what =
                    format!("{now}: the object in {of} goes from epoch {before:?} to {after:?}");
                state.truth.violated(Rule::SwitchNeverGoesBack, what);
            }
            if written {
                state.note(now, || {
                    format!("the object in {of} says {}", text.trim_end())
                });
            }
            Ok(written)
        };
        self.change((Api::Objects, region), "S3 PutObject", put)
            .await
    }
}
