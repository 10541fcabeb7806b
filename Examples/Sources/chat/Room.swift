/// The members who have a name, by their names.
final class Room {
    private var members: [String: Member] = [:]

    var names: [String] { members.keys.sorted() }

    /// Lets a member in; false if the name is taken.
    func enter(_ member: Member, as name: String) -> Bool {
        guard members[name] == nil else { return false }
        members[name] = member
        tell("* \(name) has joined", except: member)
        return true
    }

    /// Lets a member go.
    func leave(_ name: String) {
        members[name] = nil
        tell("* \(name) has left")
    }

    /// Sends a line to everybody, or to everybody else.
    func tell(_ line: String, except sender: Member? = nil) {
        for member in members.values where member !== sender { member.send(line) }
    }
}
