import RegistryNDN

extension ProxySettings {
    /// As the process's environment says; a file `.env` does not count, as these variables are not ours.
    static func process() -> ProxySettings {
        let environment = Environment.process()
        return ProxySettings(environment: { environment[$0] })
    }
}
