/// What a client can ask for.
enum Command {
    case set(String, String)
    case get(String)
    case delete(String)
    case quit

    /// Nil for a line that is none. A value is the rest of its line, spaces included.
    init?(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 2).map(String.init)
        switch (words.first?.uppercased(), words.count) {
        case ("SET", 3): self = .set(words[1], words[2])
        case ("GET", 2): self = .get(words[1])
        case ("DELETE", 2): self = .delete(words[1])
        case ("QUIT", 1): self = .quit
        default: return nil
        }
    }
}
