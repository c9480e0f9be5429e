//! What is known of a fence, and who was told.

use super::*;

#[test]
fn what_keeps_a_deposed_writer_open_is_told_once_for_each_cause() {
    let row = PlanState::new("orders".into());
    let sentence = |doors: u32, role: &str| {
        format!("NotReady: {doors} door(s) stay open: the role {role} keeps its login")
    };
    let told = row.tell_unfenced(Epoch(8), &sentence(3, "app1")).unwrap();
    assert_eq!(
        told.tell_unfenced(Epoch(8), &sentence(2, "app1")),
        None,
        "people know, whatever is counted"
    );
    let other = told.tell_unfenced(Epoch(8), &sentence(3, "app2"));
    let both = other.expect("another cause of the same name is news");
    assert_eq!(both.tell_unfenced(Epoch(8), &sentence(3, "app1")), None);
    let later = both.tell_unfenced(Epoch(9), &sentence(3, "app1")).unwrap();
    assert_eq!(
        later.unfenced,
        ["9/NotReady: # door(s) stay open: the role app1 keeps its login"],
        "another split brain is news"
    );
    let long = later
        .tell_unfenced(Epoch(9), &"long ".repeat(1_000))
        .unwrap();
    assert!(long.unfenced[1].len() < 400, "a row is read at every look");
    let many = ('a'..='z').fold(row, |row, cause| {
        row.tell_unfenced(Epoch(8), &cause.to_string()).unwrap()
    });
    assert_eq!((many.unfenced.len(), many.unfenced[7].as_str()), (8, "8/z"));
}

#[test]
fn that_a_member_is_fenced_is_news_until_it_was_told_and_again_after_a_trouble() {
    let row = PlanState::new("orders".into());
    assert!(row.is_fence_news(Epoch(8), None));
    assert!(row.is_fence_news(Epoch(8), Some(Epoch(7))));
    let untold = row.fence(Epoch(8), at(1), true).unwrap();
    assert!(
        untold.is_fence_news(Epoch(8), untold.fenced),
        "nobody was told yet"
    );
    let told = untold.tell_fenced().unwrap();
    assert_eq!(told.tell_fenced(), None);
    let late = told.is_fence_news(Epoch(8), None);
    assert!(!late, "another pass fenced it meanwhile, and told");
    assert!(
        !told.is_fence_news(Epoch(8), told.fenced) && told.fence(Epoch(8), at(2), false).is_none()
    );
    let troubled = told.tell_unfenced(Epoch(8), "no road").unwrap();
    assert!(
        troubled.is_fence_news(Epoch(8), troubled.fenced),
        "the all-clear is owed"
    );
    let open = troubled.open().unwrap();
    assert_eq!((open.fenced, open.open()), (None, None));
    assert_eq!(open.unfenced, troubled.unfenced, "what was told stays told");
    let given_back = troubled.unfence().unwrap();
    assert_eq!(given_back, PlanState::new("orders".into()));
}

#[test]
fn a_fence_is_news_once_per_epoch() {
    let fenced = row().fence(Epoch(8), at(10), false).unwrap();
    assert_eq!(fenced.fence(Epoch(8), at(20), false), None);
    assert_eq!(fenced.fence_under(Epoch(8)), Some(at(10)));
    assert_eq!(fenced.fence_under(Epoch(9)), None);
    let next = fenced.fence(Epoch(9), at(30), false).unwrap();
    assert_eq!(next.fence_under(Epoch(9)), Some(at(30)));
    assert_eq!(next.fence_under(Epoch(8)), None);
}

#[test]
fn a_member_that_was_open_meanwhile_stands_under_another_fence_of_the_same_epoch() {
    let fenced = row().fence(Epoch(8), at(10), false).unwrap();
    let open = fenced.unfence().unwrap();
    assert_eq!((open.fenced, open.fence_under(Epoch(8))), (None, None));
    assert_eq!(open.unfence(), None);
    let again = open.fence(Epoch(8), at(20), false).unwrap();
    assert_eq!(again.fence_under(Epoch(8)), Some(at(20)));
    let told = fenced.tell_unfenced(Epoch(8), "NotReady").unwrap();
    let shut = told.fence(Epoch(8), at(30), false).unwrap();
    assert_eq!(
        shut.fence_under(Epoch(8)),
        Some(at(10)),
        "nothing opened it"
    );
    let of_an_earlier_version = PlanState {
        fenced_at: None,
        ..fenced
    };
    let noted = of_an_earlier_version
        .fence(Epoch(8), at(40), false)
        .unwrap();
    assert_eq!(noted.fence_under(Epoch(8)), Some(at(40)));
}

#[test]
fn each_who_works_as_the_administrator_is_told_once_per_epoch() {
    let (report, shell) = ("admin from 10.0.0.9 (report)", "admin from 10.0.0.8 (psql)");
    let tell = |row: &PlanState, epoch: u64, who: &[&str]| {
        let who: Vec<_> = who.iter().copied().map(str::to_owned).collect();
        row.tell_administrators(Epoch(epoch), &who)
    };
    let first = tell(&row(), 8, &[report]).unwrap();
    assert_eq!(tell(&first, 8, &[report]), None);
    let both = tell(&first, 8, &[shell]).unwrap();
    assert_eq!(both.administrators_told.len(), 2);
    assert_eq!(tell(&both, 8, &[report, shell]), None);
    let fenced = both.fence(Epoch(8), at(1), false).unwrap();
    assert_eq!(tell(&fenced, 8, &[report]), None);
    let later = tell(&both, 9, &[report]).unwrap();
    assert_eq!(later.administrators_told, [format!("9/{report}")]);
    assert_eq!(tell(&both, 8, &[]), None);
}

#[test]
fn addresses_that_change_at_every_login_are_told_only_so_often() {
    let mut told = row();
    let mut times = 0;
    for login in 0..1_000 {
        let who = [format!("admin from 10.0.0.{login} ({})", "x".repeat(400))];
        if let Some(next) = told.tell_administrators(Epoch(8), &who) {
            (told, times) = (next, times + 1);
        }
    }
    assert_eq!((times, told.administrators_told.len()), (20, 20));
    assert!(
        told.administrators_told
            .iter()
            .all(|mark| mark.len() <= 300)
    );
}

#[test]
fn what_opens_a_member_is_noted_when_it_is_another_version_and_every_ten_minutes() {
    let row = PlanState::new("orders".into());
    let noted = row.serve("v3", at(0)).unwrap();
    assert_eq!(noted.serve("v3", at(599)), None, "it is known");
    assert!(noted.is_served_noted(at(599)) && !noted.is_served_noted(at(600)));
    let later = noted.serve("v3", at(600)).unwrap().served.unwrap();
    assert_eq!(later.at, at(600));
    let rotated = noted.serve("v4", at(1)).unwrap().served.unwrap();
    assert_eq!((rotated.version.as_str(), rotated.at), ("v4", at(1)));
}
