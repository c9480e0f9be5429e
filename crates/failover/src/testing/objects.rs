//! S3 in memory, of Regions that may be silent.

use crate::{
    Error,
    domain::Region,
    ports::{Object, Objects, Runtime},
    testing::Books,
};

impl Books {
    /// What an object holds.
    pub fn object_in(&self, region: &str, (bucket, key): (&str, &str)) -> Option<String> {
        let place = (Region::from(region), bucket.to_owned(), key.to_owned());
        let kept = self.kept.lock().unwrap();
        kept.objects.get(&place).map(|object| object.text.clone())
    }

    /// Somebody writes an object now, whatever is there.
    pub fn write_object(&self, region: &str, (bucket, key): (&str, &str), text: &str) {
        let place = (Region::from(region), bucket.to_owned(), key.to_owned());
        let object = self.written(text);
        self.kept.lock().unwrap().objects.insert(place, object);
    }

    fn written(&self, text: &str) -> Object {
        let now = self.now();
        Object {
            text: text.into(),
            tag: format!("{now} {text}"),
            written_at: Some(now),
        }
    }
}

impl Objects for Books {
    async fn object(
        &self,
        region: &Region,
        bucket: &str,
        key: &str,
    ) -> Result<Option<Object>, Error> {
        self.answers(region)?;
        let place = (region.clone(), bucket.to_owned(), key.to_owned());
        Ok(self.kept.lock().unwrap().objects.get(&place).cloned())
    }

    async fn put_object(
        &self,
        region: &Region,
        (bucket, key): (&str, &str),
        text: &str,
        read: Option<&Object>,
    ) -> Result<bool, Error> {
        self.answers(region)?;
        let place = (region.clone(), bucket.to_owned(), key.to_owned());
        let object = self.written(text);
        let mut kept = self.kept.lock().unwrap();
        if kept.objects.get(&place) != read {
            return Ok(false);
        }
        kept.objects.insert(place, object);
        Ok(true)
    }
}
