"""What a group's autoscalers see at the end of a minute and how many instances they want."""
