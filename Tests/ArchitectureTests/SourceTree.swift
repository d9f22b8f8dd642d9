import Foundation

/// One text file of the repository.
struct SourceFile: Sendable {
    /// Relative to the repository, with `/`.
    let path: String
    let text: String

    /// The target that a Swift source belongs to: the folder that holds it, by the layout of Package.swift.
    var target: String? {
        let parts = path.split(separator: "/").map(String.init)
        guard path.hasSuffix(".swift"), parts.count > 2 else { return nil }
        switch parts[0] {
        case "Shared": return parts[1]
        case "Tests": return isBench ? parts[2] : parts[1]
        case "Services": return parts[1] == "Sandboxes" ? parts[2] : parts[1]
        default: return nil
        }
    }

    /// Programs that are tests' neighbours and no tests themselves: the rules of the product are theirs.
    var isBench: Bool { path.hasPrefix("Tests/Bench/") }
    var isTest: Bool { path.hasPrefix("Tests/") && !isBench || path.hasPrefix("Shared/TestSupport/") }
    var isSandbox: Bool { path.hasPrefix("Services/Sandboxes/") }
    var swift: SwiftText { SwiftText(text) }
}

/// Everything a person wrote in this repository, read once.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let files: [SourceFile] = {
        let skipped: Set = [".build", ".build-trixie", ".git", ".run", ".swiftpm", "__pycache__"]
        var found: [SourceFile] = []
        func read(_ folder: URL, _ prefix: String) {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            for name in names.sorted() where !skipped.contains(name) {
                let url = folder.appendingPathComponent(name)
                var isFolder: ObjCBool = false
                _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
                if isFolder.boolValue {
                    read(url, prefix + name + "/")
                } else if let data = try? Data(contentsOf: url), let text = String(data: data, encoding: .utf8) {
                    found.append(SourceFile(path: prefix + name, text: text))
                }
            }
        }
        read(root, "")
        return found
    }()

    static let swiftFiles: [SourceFile] = files.filter { $0.path.hasSuffix(".swift") }
    static let productFiles: [SourceFile] = swiftFiles.filter { $0.target != nil && !$0.isTest }
}
