/// Through which proxy a host is reached, if through any.
public struct ProxySettings: Sendable {
    private let secure: Result<ProxyURL, UpstreamError>?
    private let plain: Result<ProxyURL, UpstreamError>?
    private let exceptions: NoProxy
    private let isExplicit: Bool

    /// No proxy.
    public static let none = ProxySettings(environment: { _ in nil })

    /// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in lower case too; the upper case goes first.
    ///
    /// A value that cannot be read is told by the first connection that needs it.
    public init(environment: (String) -> String?) {
        func value(_ name: String) -> String? { environment(name) ?? environment(name.lowercased()) }
        func proxy(_ name: String) -> Result<ProxyURL, UpstreamError>? {
            guard let text = value(name) else { return nil }
            return Result { () throws(UpstreamError) in try ProxyURL(text, from: name) }
        }
        secure = proxy("HTTPS_PROXY")
        plain = proxy("HTTP_PROXY")
        exceptions = NoProxy(value("NO_PROXY") ?? "")
        isExplicit = false
    }

    /// One proxy for everything, loopback included.
    public init(explicit: ProxyURL) {
        secure = .success(explicit)
        plain = .success(explicit)
        exceptions = NoProxy("")
        isExplicit = true
    }

    /// The proxy on the way to `url`; nil for the direct way.
    func proxy(for url: UpstreamURL) throws(UpstreamError) -> ProxyURL? {
        guard let proxy = url.isSecure ? secure : plain else { return nil }
        guard isExplicit || !exceptions.covers(host: url.host, port: url.port) else { return nil }
        return try proxy.get()
    }
}
