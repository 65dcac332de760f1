# Completion of mlops for fish; `mlops completion fish` prints it.
function __mlops_complete
	set -l tokens (commandline -opc) (commandline -ct)
	set -l word (commandline -ct)
	set -l program $tokens[1]
	for line in ($program __complete -- $tokens[2..-1] 2>/dev/null)
		switch $line
			case ':file'
				set -l base (string match -r -- '^--[^=]*=' $word)
				set -l rest (string replace -r -- '^--[^=]*=' '' $word)
				__fish_complete_path $rest | string replace -r '^' -- "$base"
			case ':folder'
				set -l base (string match -r -- '^--[^=]*=' $word)
				set -l rest (string replace -r -- '^--[^=]*=' '' $word)
				__fish_complete_directories $rest | string replace -r '^' -- "$base"
			case '*'
				echo $line
		end
	end
end
complete -c mlops -f -a '(__mlops_complete)'
