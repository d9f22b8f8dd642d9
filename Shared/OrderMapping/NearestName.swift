/// Finds what somebody probably meant by a name that does not exist.
enum NearestName {
    /// `did you mean "terms"?`, or else all the names, or else nothing.
    static func hint(for word: String, among names: [String]) -> String {
        if let name = nearest(to: word, among: names) { return "did you mean \"\(name)\"?" }
        return names.count <= 12 && !names.isEmpty ? "one of: \(names.joined(separator: ", "))" : ""
    }

    private static func nearest(to word: String, among names: [String]) -> String? {
        let ranked = names.map { (name: $0, distance: distance(Array($0.lowercased()), Array(word.lowercased()))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= (word.count < 4 ? 1 : max(2, word.count / 3)) ? best.name : nil
    }

    /// Levenshtein's edit distance.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, leftCharacter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for (rightIndex, rightCharacter) in right.enumerated() {
                let replaced = diagonal + (leftCharacter == rightCharacter ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(replaced, diagonal + 1, row[rightIndex] + 1)
            }
        }
        return row[right.count]
    }
}
