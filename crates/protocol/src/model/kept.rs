//! What followed the state that was looked at last. The properties ask what may still happen, and the search right after them
//! asks the same of the same state: a pass is carried out once for both.

use std::cell::RefCell;

use super::{Event, Protocol};
use crate::state::State;

/// One state of one protocol, and what each event made of it.
struct Kept {
    state: State,
    protocol: u64,
    after: Vec<(Event, Option<State>)>,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

impl Protocol {
    /// The state after an event; `None` where it cannot happen or changes nothing.
    pub(super) fn kept(&self, last: &State, event: Event) -> Option<State> {
        KEPT.with_borrow_mut(|kept| {
            if !kept
                .as_ref()
                .is_some_and(|kept| kept.protocol == self.number && kept.state == *last)
            {
                *kept = Some(Kept {
                    state: last.clone(),
                    protocol: self.number,
                    after: Vec::new(),
                });
            }
            let kept = kept.as_mut()?;
            if let Some((_, next)) = kept.after.iter().find(|(known, _)| *known == event) {
                return next.clone();
            }
            let next = self.after(last, event.clone());
            let next = next.filter(|next| next != last);
            kept.after.push((event, next.clone()));
            next
        })
    }
}
