import Glibc
import Report

/// A server as it takes part in a comparison: by its name alone, or with a loop for each core.
struct Participant {
    let name: String
    let contender: Contender
    private let command: ServerProgram.Command
    private let extraArguments: [String]

    /// The contender and how many loops it has.
    static func split(_ name: String) throws(Failure) -> (Contender, isGroup: Bool) {
        let isGroup = name.hasSuffix(ServerTitle.groupSuffix)
        let single = isGroup ? String(name.dropLast(ServerTitle.groupSuffix.count)) : name
        return (try .named(single), isGroup)
    }

    /// Fails if the machine lacks something for it.
    init(_ name: String) throws(Failure) {
        let (contender, isGroup) = try Self.split(name)
        self.name = name
        self.contender = contender
        command = try contender.program.command()
        extraArguments = isGroup ? ["--loops", String(Self.cores)] : []
    }

    var path: String { command.path }

    func arguments(mode: String) -> [String] {
        command.arguments + contender.arguments(mode: mode) + extraArguments
    }

    static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
