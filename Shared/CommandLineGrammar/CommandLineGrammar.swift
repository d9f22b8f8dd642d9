// CommandLineGrammar
