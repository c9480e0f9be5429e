//! Answers of the AWS Query protocol, as XML.

use std::io;

use quick_xml::Writer;

const NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Text.
    Text(String),
    /// Named children, in order; a list repeats its member's name.
    Fields(Vec<(&'static str, Node)>),
}

impl Node {
    /// Text of anything that prints.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// A list whose members carry one name.
    pub fn list(member: &'static str, items: impl IntoIterator<Item = Node>) -> Self {
        Self::Fields(items.into_iter().map(|item| (member, item)).collect())
    }

    /// The first child of that name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match self {
            Self::Text(_) => None,
            Self::Fields(fields) => fields
                .iter()
                .find(|(field, _)| *field == name)
                .map(|(_, node)| node),
        }
    }

    /// The text, or nothing for fields.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Fields(_) => None,
        }
    }

    fn write(&self, name: &str, writer: &mut Writer<Vec<u8>>) -> io::Result<()> {
        let element = writer.create_element(name);
        match self {
            Self::Text(text) => {
                element.write_text_content(quick_xml::events::BytesText::new(text))?;
            }
            Self::Fields(fields) => {
                element.write_inner_content(|inner| {
                    fields
                        .iter()
                        .try_for_each(|(name, node)| node.write(name, inner))
                })?;
            }
        }
        Ok(())
    }
}

/// Collects the fields of a structure; what is absent is left out.
#[derive(Debug, Default)]
pub struct Fields(Vec<(&'static str, Node)>);

impl Fields {
    /// One more field, of anything that prints.
    #[must_use]
    pub fn text(mut self, name: &'static str, value: impl ToString) -> Self {
        self.0.push((name, Node::text(value)));
        self
    }

    /// One more, where there is a value.
    #[must_use]
    pub fn optional(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// One more that has fields of its own.
    #[must_use]
    pub fn node(mut self, name: &'static str, node: Node) -> Self {
        self.0.push((name, node));
        self
    }

    /// Several more.
    #[must_use]
    pub fn nodes(mut self, nodes: impl IntoIterator<Item = (&'static str, Node)>) -> Self {
        self.0.extend(nodes);
        self
    }

    /// The structure.
    #[must_use]
    pub fn done(self) -> Node {
        Node::Fields(self.0)
    }
}

/// The body of a successful answer.
pub fn success(action: &str, result: &Node, request_id: &str) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    writer
        .create_element(format!("{action}Response"))
        .with_attribute(("xmlns", NAMESPACE))
        .write_inner_content(|inner| {
            result.write(&format!("{action}Result"), inner)?;
            metadata(request_id).write("ResponseMetadata", inner)
        })?;
    Ok(writer.into_inner())
}

/// The body of a refusal with this status of HTTP, RDS's code and its words.
pub fn refusal(
    (status, code, message): (u16, &str, &str),
    request_id: &str,
) -> io::Result<Vec<u8>> {
    let mut writer = Writer::new(Vec::new());
    let error = Fields::default()
        .text("Type", if status < 500 { "Sender" } else { "Receiver" })
        .text("Code", code)
        .text("Message", message)
        .done();
    writer
        .create_element("ErrorResponse")
        .with_attribute(("xmlns", NAMESPACE))
        .write_inner_content(|inner| {
            error.write("Error", inner)?;
            Node::text(request_id).write("RequestId", inner)
        })?;
    Ok(writer.into_inner())
}

fn metadata(request_id: &str) -> Node {
    Fields::default().text("RequestId", request_id).done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_lists_repeat_their_members_name() {
        let result = Fields::default()
            .text("Message", "a < b & c")
            .node("Events", Node::list("Event", [Node::text(1)]))
            .done();
        let body = String::from_utf8(success("DescribeEvents", &result, "id-1").unwrap()).unwrap();
        assert_eq!(
            body,
            "<DescribeEventsResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><DescribeEventsResult>\
             <Message>a &lt; b &amp; c</Message><Events><Event>1</Event></Events></DescribeEventsResult>\
             <ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DescribeEventsResponse>"
        );
    }
}
