/// Through which proxy a host is reached, if through any.
package struct ProxySettings: Sendable {
    private let secure: Result<ProxyURL, UpstreamError>?
    private let plain: Result<ProxyURL, UpstreamError>?
    private let exceptions: NoProxy
    private let isExplicit: Bool
    /// A sentence about a variable that is set and has no effect; nil when there is none.
    package let notice: String?

    /// No proxy.
    package static let none = ProxySettings(environment: { _ in nil })

    /// HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in lower case too; the upper case goes first. Where one of the first two is
    /// missing ALL_PROXY stands for it, as curl has it.
    ///
    /// The first connection that needs a value which cannot be read fails and says so. In ALL_PROXY, which desktops set to a SOCKS
    /// proxy for every program that knows one, such a value is only noticed: Docker does not look at that variable either.
    package init(environment: (String) -> String?) {
        func value(_ name: String) -> String? { environment(name) ?? environment(name.lowercased()) }
        func proxy(_ name: String) -> Result<ProxyURL, UpstreamError>? {
            guard let text = value(name) else { return nil }
            return Result { () throws(UpstreamError) in try ProxyURL(text, from: name) }
        }
        let (secure, plain) = (proxy("HTTPS_PROXY"), proxy("HTTP_PROXY"))
        var (all, notice) = (proxy("ALL_PROXY"), String?.none)
        if case .failure(let error)? = all {
            all = nil
            if secure == nil || plain == nil { notice = "\(error); ALL_PROXY has no effect" }
        }
        self.secure = secure ?? all
        self.plain = plain ?? all
        self.notice = notice
        exceptions = NoProxy(value("NO_PROXY") ?? "")
        isExplicit = false
    }

    /// One proxy for everything, loopback included.
    package init(explicit: ProxyURL) {
        secure = .success(explicit)
        plain = .success(explicit)
        exceptions = NoProxy("")
        isExplicit = true
        notice = nil
    }

    /// The proxy on the way to `url`; nil for the direct way.
    func proxy(for url: UpstreamURL) throws(UpstreamError) -> ProxyURL? {
        guard let proxy = url.isSecure ? secure : plain else { return nil }
        guard isExplicit || !exceptions.covers(host: url.host, port: url.port) else { return nil }
        return try proxy.get()
    }
}
