//! Figures: what losses of a Region cost, what the functions weigh, how outages are told from disturbances, how many plans a
//! probe watches on a small share of a core, and how long the names of many plans take.

mod account;
pub mod beats;
pub mod detection;
mod function;
pub mod functions;
pub mod losses;
pub mod names;
mod quota;
mod stand_ins;

/// The middle value; unknown when any value is.
fn median(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect::<Option<_>>()?;
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        return values.get(middle).copied();
    }
    Some(f64::midpoint(
        *values.get(middle.checked_sub(1)?)?,
        *values.get(middle)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value_and_unknown_when_one_is() {
        assert_eq!(median([3.0, 1.0, 2.0].map(Some).into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0].map(Some).into_iter()), Some(2.5));
        assert_eq!(median([Some(1.0), None].into_iter()), None);
        assert_eq!(median(std::iter::empty()), None);
    }
}
