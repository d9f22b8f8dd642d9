import Foundation

/// What deploy/Dockerfile must say of each program, read as text: a program, a library or a check forgotten there would
/// only be missed when an image is run.
enum ImageRules {
    /// A stage of the Dockerfile: its instructions, one a line, without comments.
    struct Stage: Equatable {
        let base: String
        let name: String
        var instructions: [String] = []

        /// The packages that its `apt-get install` names.
        var packages: Set<String> {
            let steps = instructions.filter { $0.hasPrefix("RUN ") }.flatMap { $0.components(separatedBy: "&&") }
            let words = steps.filter { $0.contains("apt-get install") }.flatMap {
                $0.split(whereSeparator: \.isWhitespace)
            }
            let first = words.firstIndex(of: "install").map { $0 + 1 } ?? words.endIndex
            return Set(words[first...].map(String.init).filter { !$0.hasPrefix("-") })
        }
    }

    static func stages(of dockerfile: String) -> [Stage] {
        var stages: [Stage] = []
        let lines = dockerfile.split(whereSeparator: \.isNewline).filter {
            !$0.drop(while: \.isWhitespace).hasPrefix("#")
        }
        for instruction in lines.joined(separator: "\n").replacingOccurrences(of: "\\\n", with: " ").split(
            separator: "\n")
        {
            let words = instruction.split(whereSeparator: \.isWhitespace).map(String.init)
            if words[0] == "FROM", words.count == 4 {
                stages.append(Stage(base: words[1], name: words[3]))
            } else if !stages.isEmpty {
                stages[stages.count - 1].instructions.append(words.joined(separator: " "))
            }
        }
        return stages
    }

    /// The executable products that Package.swift names.
    static func products(of manifest: String) -> Set<String> {
        Set(
            manifest.split(separator: "\n").compactMap { line in
                let words = line.split(separator: "\"", omittingEmptySubsequences: false)
                return words[0].contains("executable(") && words.count > 3 ? String(words[1]) : nil
            })
    }

    /// In no image.
    static let benches: Set = ["writer-bench"]
    static let sandboxes: Set = ["salesforce-sandbox", "netsuite-sandbox", "embedded-broker"]

    static func violations(dockerfile: String, manifest: String) -> [String] {
        let stages = stages(of: dockerfile)
        let products = products(of: manifest).subtracting(benches)
        let build = stages.first { $0.name == "build" }
        var found = products.filter { product in
            build?.instructions.contains { $0.contains("for product in") && $0.contains(" \(product)") } != true
        }.map { "\($0) is not built" }
        for program in products.subtracting(sandboxes) {
            guard let stage = stages.first(where: { $0.name == program }) else {
                found.append("\(program) has no image")
                continue
            }
            found += violations(of: stage, program: program, isService: program != "crossdock")
        }
        let user = stages.first { $0.name == "run" }?.instructions.first { $0.hasPrefix("USER ") }
        if user == nil || user == "USER root" || user?.hasPrefix("USER 0") == true {
            found.append("images run as root")
        }
        return found.sorted()
    }

    private static func violations(of stage: Stage, program: String, isService: Bool) -> [String] {
        var wanted = [
            "COPY --from=build /out/\(program) /usr/bin/\(program)", "ENTRYPOINT [\"/usr/bin/\(program)\"]",
        ]
        if isService {
            wanted.append("CMD [\"/usr/bin/\(program)\", \"health\"]")
        }
        let lacking = wanted.filter { part in !stage.instructions.contains { $0.contains(part) } }
        let wrongBase = stage.base == (isService ? "service" : "run") ? [] : ["\(program) begins with \(stage.base)"]
        return lacking.map { "\(program) lacks \($0)" } + wrongBase
    }

    /// Debian 13's package of each library that a program may need at run time, by the name that the loader looks for.
    static let packageOfLibrary = [
        "libc.so.6": "libc6", "libm.so.6": "libc6", "ld-linux-x86-64.so.2": "libc6", "ld-linux-aarch64.so.1": "libc6",
        "libstdc++.so.6": "libstdc++6", "libgcc_s.so.1": "libgcc-s1", "librdkafka.so.1": "librdkafka1",
        "libpq.so.5": "libpq5", "libcurl.so.4": "libcurl4t64", "libmicrohttpd.so.12": "libmicrohttpd12t64",
        "libcrypto.so.3": "libssl3t64", "libssl.so.3": "libssl3t64", "libyaml-0.so.2": "libyaml-0-2",
    ]

    /// Libraries of the Swift toolchain, which a release build has in itself. Those with Foundation's tables of languages
    /// (tens of megabytes) are none of them.
    static func isOfToolchain(_ library: String) -> Bool {
        library.hasPrefix("libswift") || library == "libFoundationEssentials.so" || library == "libdispatch.so"
            || library == "libBlocksRuntime.so" || library == "lib_FoundationCollections.so"
            || library == "lib_FoundationCShims.so"
    }

    /// What `readelf --dynamic` names as needed.
    static func neededLibraries(in output: String) -> [String] {
        output.split(separator: "\n").filter { $0.contains("(NEEDED)") }.compactMap { line in
            line.split(separator: "[").last?.split(separator: "]").first.map(String.init)
        }
    }

    /// What is wrong with the libraries that a program needs, for an image with these packages.
    static func violations(needed: [String], packages: Set<String>) -> [String] {
        needed.filter { !isOfToolchain($0) }.compactMap { library in
            guard let package = packageOfLibrary[library] else { return "\(library) is no library of the images" }
            return packages.contains(package) ? nil : "\(library) needs the package \(package)"
        }
    }
}
