import NDN
import Testing

@Suite("User and password of a URL")
struct UserinfoTests {
    @Test(
        "are in no message",
        arguments: [
            ("upstream URL \"http://u:sekret@h:1/p\": why", "upstream URL \"http://***@h:1/p\": why"),
            (
                "The value 'http://u:sek ret@h' is invalid for '--upstream <upstream>'",
                "The value 'http://***@h' is invalid for '--upstream <upstream>'"
            ),
            ("c.toml:2:1: 'quay.io=http://u:sek'ret@h,/b' is", "c.toml:2:1: 'quay.io=http://***@h,/b' is"),
            ("--upstream=u:sekret@h:1 here", "--upstream=u:sekret@h:1 here".replacing("u:sekret", with: "***")),
            ("a client's http://u:sekr/et@h\nhttps://sekret@g/", "a client's http://***@h\nhttps://***@g/"),
            ("DOCKER_NDN_PROXY=u:se@kret@h:1", "DOCKER_NDN_PROXY=***@h:1"),
        ])
    func hidden(message: String, shown: String) {
        #expect(Userinfo.hidden(in: message) == shown)
        #expect(!Userinfo.hidden(in: message).contains("kret"))
    }

    @Test(
        "are not seen where there are none",
        arguments: [
            "http://h:1/v2/a/b@sha256:00 and h:5000/a:tag@sha256:00", "mail me@h.example", "/a/b:c@d", "a 'b' \"c\" @",
            "unit registry-ndn@client.service:2:1: text", "http://@h",
        ])
    func kept(message: String) {
        #expect(Userinfo.hidden(in: message) == message)
        #expect(!Userinfo.isIn(message) || message.contains("registry-ndn@"))
    }
}
