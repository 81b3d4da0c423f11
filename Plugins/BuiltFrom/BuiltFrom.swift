import Foundation
import PackagePlugin

/// Tells the program what it is built from: the commit, and the versions that its packages were resolved to.
///
/// The file goes into the build folder; nothing of the checkout is touched. It is written again when its text changes.
@main
struct BuiltFrom: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let output = context.pluginWorkDirectoryURL.appending(path: "BuiltFrom.swift")
        let commit = Self.commit(of: context.package.directoryURL) ?? "unknown"
        let packages = Self.packages(of: target, in: context.package).map { "\"\($0)\"" }.joined(separator: ", ")
        let text = """
            /// What the program is built from.
            enum BuiltFrom {
                static let commit = "\(commit)"
                static let packages = [\(packages)]
            }

            """
        return [
            .buildCommand(
                displayName: "Writing what the program is built from", executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", "printf %s \"$1\" >\"$2\"", "sh", text, output.path(percentEncoded: false)],
                outputFiles: [output])
        ]
    }

    /// Of the checkout, or what `git archive` wrote into the file `.commit`.
    private static func commit(of folder: URL) -> String? {
        // An unpacked archive may lie within another's checkout, whose commit is not ours.
        guard FileManager.default.fileExists(atPath: folder.appending(path: ".git").path(percentEncoded: false)) else {
            let text = try? String(contentsOf: folder.appending(path: ".commit"), encoding: .utf8)
            return text.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.flatMap(checked)
        }
        let git = Process()
        git.executableURL = URL(filePath: "/usr/bin/env")
        git.arguments = [
            "git", "--no-optional-locks", "-C", folder.path(percentEncoded: false), "describe", "--always", "--dirty",
            "--abbrev=12", "--exclude=*",
        ]
        let answer = Pipe()
        git.standardOutput = answer
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil else { return nil }
        let octets = answer.fileHandleForReading.readDataToEndOfFile()
        git.waitUntilExit()
        return checked(String(decoding: octets, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// A commit with or without `-dirty`, and nothing else: it becomes part of a source file.
    private static func checked(_ text: String) -> String? {
        let digits = text.hasSuffix("-dirty") ? text.dropLast("-dirty".count) : text[...]
        return !digits.isEmpty && digits.allSatisfy(\.isHexDigit) ? text : nil
    }

    /// Name and version of every package of which something is linked in.
    private static func packages(of target: any Target, in root: Package) -> [String] {
        let linked = Set(target.recursiveTargetDependencies.map(\.id))
        var versions: [String: String] = [:]
        var waiting = root.dependencies.map(\.package)
        while let package = waiting.popLast() {
            guard versions[package.id] == nil else { continue }
            versions[package.id] = ""
            waiting += package.dependencies.map(\.package)
            guard package.targets.contains(where: { linked.contains($0.id) }) else { continue }
            switch package.origin {
            case .repository(_, let version, _), .registry(_, let version): versions[package.id] = version
            default: versions[package.id] = "local"
            }
        }
        return versions.filter { !$0.value.isEmpty }.map { "\($0.key) \($0.value)" }.sorted()
    }
}
