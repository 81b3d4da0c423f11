/// Who a request is from, as far as our own credentials depend on it.
///
/// A browser sends what any web page asks of it, to this machine too. A page must neither read with our credentials nor
/// write at all.
enum Requester: Hashable {
    /// A program whose user named this endpoint.
    case program
    /// Perhaps a web page, because of the sign that is given.
    case page(Sign)

    /// A sign that a request is a web page's.
    enum Sign: Hashable, CustomStringConvertible {
        /// The field Origin, which browsers send with what a script asks for, and with all that is not a GET or HEAD.
        case origin(String)
        /// Sec-Fetch-Site: the request is not for an address that a person typed.
        case site(String)
        /// Host is none of the names that this endpoint is known by: the name of a page's own host may lead here (DNS rebinding).
        case host(String)

        var description: String {
            switch self {
            case .origin(let value): "it comes from a web page (Origin: \(value))"
            case .site(let value): "it comes from a web page (Sec-Fetch-Site: \(value))"
            case .host(""): "it does not say which host it is for"
            case .host(let value):
                "it is for the host \(value), which may be a web page's: \(RegistrySetting.hosts) \(value) says that it is ours"
            }
        }
    }
}
