import Logging

/// Says that a file with a secret is open to other users of the machine, where that was not somebody's plan.
enum SecretNotice {
    /// - Parameter notice: what was found; nil when nothing was.
    static func log(_ notice: String?, of path: String, _ logger: Logger) {
        guard let notice else { return }
        // systemd puts secrets there for this service alone, whatever the mode looks like (systemd.exec, "Credentials").
        if let folder = Environment.process()["CREDENTIALS_DIRECTORY"], path.hasPrefix(folder + "/") { return }
        logger.notice("\(notice)")
    }
}
